/** The account in the top bar: the way in, or the menu of the person who is signed in. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Account } from "../api/types";
import { PersonIcon } from "../parts/icons";
import { Link, navigate, path } from "../router";
import { useStore } from "../store/context";
import { Submission } from "../store/submission";

export function AccountControl() {
  const who = useStore().session.who.value;
  if (who.status === "in") return <Menu account={who.account} />;
  if (who.status === "unknown") return <span class="account account--unknown" aria-hidden="true" />;
  const to = who.status === "out" ? "/sign-in" : "/account";
  return (
    <Link to={to} class="account" aria-current={path.value === to ? "page" : undefined}>
      <PersonIcon />
      <span class="account__label">{who.status === "out" ? "Sign in" : "Account"}</span>
    </Link>
  );
}

function Menu({ account }: { account: Account }) {
  const { session } = useStore();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const open = useSignal(false);
  const signingOut = useRef(new Submission()).current;
  const close = (): void => void (open.value = false);
  useOutside(root, close);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open.value) return;
    close();
    button.current?.focus();
  };
  const signOut = async (): Promise<void> => {
    if (await signingOut.run(() => session.signOut())) navigate("/");
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class="account account--in"
        aria-expanded={open.value}
        aria-controls="account-menu"
        aria-label={`Account of ${account.name}`}
        title={account.email}
        onClick={() => (open.value = !open.value)}
      >
        {initialOf(account)}
      </button>
      {open.value && (
        <div class="menu__panel" id="account-menu" onClick={(event) => closesMenu(event) && close()}>
          <p class="menu__person">
            <b>{account.name}</b>
            <span>{account.email}</span>
          </p>
          <Link to="/account" class="menu__item">
            Account
          </Link>
          <button type="button" class="menu__item" onClick={() => void signOut()}>
            Sign out
          </button>
          <p class="menu__problem" role="alert">
            {signingOut.problem.value?.message}
          </p>
        </div>
      )}
    </div>
  );
}

function initialOf({ name, email }: Account): string {
  return [...(name || email)][0]?.toUpperCase() ?? "";
}

function closesMenu(event: MouseEvent): boolean {
  return (event.target as Element).closest("a") !== null;
}

/** Calls `leave` when a click or the focus goes elsewhere. */
function useOutside(root: { current: HTMLElement | null }, leave: () => void): void {
  useEffect(() => {
    const watch = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) leave();
    };
    document.addEventListener("pointerdown", watch);
    document.addEventListener("focusin", watch);
    return () => {
      document.removeEventListener("pointerdown", watch);
      document.removeEventListener("focusin", watch);
    };
  }, []);
}
