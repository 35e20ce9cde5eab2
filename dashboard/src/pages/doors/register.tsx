/** Opening an account: it exists once the mail to its address was answered. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { send } from "../../api/client";
import { PASSWORD_HINT } from "../../lib/words";
import { Field, Form, PasswordField, type Values } from "../../parts/form";
import { Link, redirect } from "../../router";
import { useStore } from "../../store/context";
import { Submission } from "../../store/submission";
import { DoorCard } from "./door";
import { LookIntoYourMail } from "./mailsent";

export function RegisterDoor() {
  const { session } = useStore();
  const submission = useMemo(() => new Submission({ WEAK_PASSWORD: ["password"] }), []);
  const sentTo = useSignal<string | null>(null);
  const register = async ({ name, email, password }: Values): Promise<void> => {
    const body = { name, email, password, transport: "cookie" };
    const answer = await send<{ status?: "accepted" }>("POST", "/api/auth/register", body);
    if (answer.status === "accepted") sentTo.value = email ?? "";
    else {
      await session.signedIn();
      redirect("/");
    }
  };
  if (sentTo.value !== null) return <LookIntoYourMail address={sentTo.value} />;
  return (
    <DoorCard title="Open an account" lead="Prices are for everybody. An account adds what is yours.">
      <Form submission={submission} label="Open an account" submit="Open it" act={register}>
        <Field name="name" label="Name" autocomplete="name" maxLength={100} autofocus />
        <Field name="email" label="E-mail address" type="email" autocomplete="username" />
        <PasswordField name="password" label="Password" autocomplete="new-password" hint={PASSWORD_HINT} />
      </Form>
      <p class="door__ways">
        <Link to="/sign-in">I have an account</Link>
      </p>
    </DoorCard>
  );
}
