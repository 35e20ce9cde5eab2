/** One step that the link of a mail leads to: what it asks for, and what came of it. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { send } from "../../api/client";
import { Form } from "../../parts/form";
import { Link } from "../../router";
import { mailToken } from "../../store/mailtoken";
import { Submission } from "../../store/submission";
import { DoorCard, Outcome } from "./door";

interface MailStepProps {
  title: string;
  lead?: string;
  submit: string;
  tone?: "danger" | undefined;
  /** Where the token goes, with what the fields hold. */
  path: string;
  done: string;
  next?: { to: string; label: string };
  after?: () => void;
  children?: ComponentChildren;
}

const SIGN_IN = { to: "/sign-in", label: "Sign in" };

export function MailStep({ title, lead, submit, tone, path, done, next = SIGN_IN, after, children }: MailStepProps) {
  const submission = useMemo(() => new Submission({ WEAK_PASSWORD: ["new_password"] }), []);
  const isDone = useSignal(false);
  const token = mailToken.value;
  if (token === null && isDone.value) {
    return (
      <DoorCard title={title}>
        <Outcome>
          <p>{done}</p>
        </Outcome>
        <Link to={next.to} class="button">
          {next.label}
        </Link>
      </DoorCard>
    );
  }
  if (token === null) return <NoToken title={title} />;
  const act = async (values: object): Promise<void> => {
    await send("POST", path, { ...values, token });
    isDone.value = true;
    mailToken.value = null;
    after?.();
  };
  return (
    <DoorCard title={title} lead={lead}>
      <Form submission={submission} label={title} submit={submit} act={act} tone={tone}>
        {children}
      </Form>
    </DoorCard>
  );
}

function NoToken({ title }: { title: string }) {
  return (
    <DoorCard title={title}>
      <Outcome>
        <p>The link of a mail opens this page. Loaded anew, the page has it no more: open the mail again.</p>
      </Outcome>
      <p class="door__ways">
        <Link to="/sign-in">To sign in</Link>
      </p>
    </DoorCard>
  );
}
