/** "It was not me": locks the account and ends all of its sessions. */

import { useStore } from "../../store/context";
import { MailStep } from "./mailstep";

export function LockDoor() {
  const { session } = useStore();
  return (
    <MailStep
      title="Lock your account"
      lead="If it was not you: this ends all sessions and lets nobody in."
      submit="Lock it"
      tone="danger"
      path="/api/auth/account/lock"
      done="Your account is locked, and all of its sessions have ended."
      next={{ to: "/forgot", label: "Set a new password" }}
      after={() => session.forget()}
    />
  );
}
