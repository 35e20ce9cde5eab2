/** A new password, by the link of a mail. */

import { PASSWORD_HINT } from "../../lib/words";
import { PasswordField } from "../../parts/form";
import { useStore } from "../../store/context";
import { MailStep } from "./mailstep";

export function ResetDoor() {
  const { session } = useStore();
  return (
    <MailStep
      title="New password"
      submit="Set it"
      path="/api/auth/password/reset"
      done="The new password is set, and everybody who was signed in is signed out."
      after={() => session.forget()}
    >
      <PasswordField name="new_password" label="New password" autocomplete="new-password" hint={PASSWORD_HINT} autofocus />
    </MailStep>
  );
}
