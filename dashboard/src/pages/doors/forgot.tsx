/** A forgotten password: a link by mail sets a new one. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { send } from "../../api/client";
import { Field, Form, type Values } from "../../parts/form";
import { Link } from "../../router";
import { Submission } from "../../store/submission";
import { DoorCard } from "./door";
import { LookIntoYourMail } from "./mailsent";

export function ForgotDoor() {
  const submission = useMemo(() => new Submission(), []);
  const sentTo = useSignal<string | null>(null);
  const ask = async ({ email = "" }: Values): Promise<void> => {
    await send("POST", "/api/auth/password/forgot", { email });
    sentTo.value = email;
  };
  if (sentTo.value !== null) return <LookIntoYourMail address={sentTo.value} />;
  return (
    <DoorCard title="Forgotten password" lead="A link by mail lets you set a new one.">
      <Form submission={submission} label="Forgotten password" submit="Send the link" act={ask}>
        <Field name="email" label="E-mail address" type="email" autocomplete="username" autofocus />
      </Form>
      <p class="door__ways">
        <Link to="/sign-in">Back to signing in</Link>
      </p>
    </DoorCard>
  );
}
