/** The rail of pages: at the left, or at the bottom of a phone. It lists the pages that exist. */

import { routeOf } from "../lib/routes";
import { MarketsIcon, Logo } from "../parts/icons";
import { Link, path } from "../router";

const PAGES = [{ to: "/", label: "Markets", page: "markets", icon: MarketsIcon }] as const;
/** Pages without a place in the rail, and the page that they belong to. */
const UNDER: Record<string, string> = { instrument: "markets" };

export function Rail() {
  const { page } = routeOf(path.value);
  const under = UNDER[page];
  return (
    <nav class="rail" aria-label="Pages">
      <Link to="/" class="rail__home" aria-label="Tradewind, home">
        <Logo />
      </Link>
      {PAGES.map(({ to, label, page: target, icon: PageIcon }) => (
        <Link key={to} to={to} class="rail__link" aria-current={page === target ? "page" : under === target ? "true" : undefined}>
          <PageIcon />
          <span>{label}</span>
        </Link>
      ))}
    </nav>
  );
}
