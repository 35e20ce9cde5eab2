/** Another password. It ends all other sessions. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Account } from "../../api/types";
import { PASSWORD_HINT } from "../../lib/words";
import { Form, PasswordField, Username, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import { Submission } from "../../store/submission";
import { Done } from "./profile";
import { Section } from "./section";

const PLACES = {
  WEAK_PASSWORD: ["new_password"],
  INVALID_CREDENTIALS: ["current_password", "This is not your password."],
} as const;

export function Password({ account }: { account: Account }) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(PLACES), []);
  const changed = useSignal(false);
  const change = async (values: Values, form: HTMLFormElement): Promise<void> => {
    changed.value = false;
    await session.ask("PATCH", "/api/auth/password", values);
    changed.value = true;
    form.reset();
  };
  return (
    <Section title="Password" lead="A new one signs you out everywhere but here.">
      <Form submission={submission} label="Password" submit="Change it" act={change} beside={<Done when={changed.value} says="Changed." />}>
        <Username email={account.email} />
        <PasswordField name="current_password" label="Current password" autocomplete="current-password" />
        <PasswordField name="new_password" label="New password" autocomplete="new-password" hint={PASSWORD_HINT} />
      </Form>
    </Section>
  );
}
