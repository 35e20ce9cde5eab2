/** The account of the person who is signed in, section by section. Without one, the way in. */

import { useEffect } from "preact/hooks";
import type { Account } from "../../api/types";
import { Bone, Notice } from "../../parts/states";
import { useStore } from "../../store/context";
import "../../styles/account.css";
import { SignInDoor } from "../doors/signin";
import { Deletion } from "./deletion";
import { ApiKeys } from "./keys";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { Profile } from "./profile";
import { Sessions } from "./sessions";
import { TwoFactor } from "./twofactor";

export function AccountPage() {
  const { session } = useStore();
  const who = session.who.value;
  useEffect(() => {
    document.title = "Account · Tradewind";
  }, [who.status]);
  switch (who.status) {
    case "unknown":
      return (
        <div class="accountpage" aria-busy="true">
          <Bone widthPx={160} />
        </div>
      );
    case "failed":
      return (
        <Notice isPage title="Your account did not load." action={{ label: "Try again", run: () => void session.load() }}>
          {who.message} Prices are not concerned.
        </Notice>
      );
    case "out":
      return <SignInDoor />;
    case "in":
      return <Sections account={who.account} />;
  }
}

function Sections({ account }: { account: Account }) {
  return (
    <div class="accountpage">
      <h1>Account</h1>
      <Profile account={account} />
      <Password account={account} />
      <TwoFactor account={account} />
      <Passkeys />
      <Sessions />
      <ApiKeys account={account} />
      <Deletion />
    </div>
  );
}
