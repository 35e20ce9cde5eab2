/** Answering the mail of a registration. It takes a click: programs that read mail follow links too. */

import { MailStep } from "./mailstep";

export function VerifyDoor() {
  return (
    <MailStep
      title="Confirm your address"
      lead="One click, and the account is yours."
      submit="Confirm"
      path="/api/auth/verify-email"
      done="Your address is confirmed. Sign in with the password that you chose."
    />
  );
}
