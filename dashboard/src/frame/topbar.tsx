/** The top bar: search, what kind of feed this is, how the connection does, the theme, the account. */

import { AccountControl } from "./account";
import { ConnectionPill } from "./connection";
import { FeedBadge } from "./feed";
import { Search } from "./search";
import { ThemeSwitch } from "./theme";

export function TopBar() {
  return (
    <header class="topbar">
      <Search />
      <div class="topbar__space" />
      <FeedBadge />
      <ConnectionPill />
      <ThemeSwitch />
      <AccountControl />
    </header>
  );
}
