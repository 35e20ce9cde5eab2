/** The name, the address and the phone. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Account } from "../../api/types";
import { Field, Form, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import { Submission } from "../../store/submission";
import { Section } from "./section";

export function Profile({ account }: { account: Account }) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const saved = useSignal(false);
  const save = async ({ name, phone }: Values): Promise<void> => {
    saved.value = false;
    session.know(await session.ask<Account>("PATCH", "/api/auth/me", { name, phone: phone || null }));
    saved.value = true;
  };
  return (
    <Section title="Profile" lead={account.email}>
      <Form submission={submission} label="Profile" submit="Save" act={save} beside={<Done when={saved.value} says="Saved." />}>
        <Field name="name" label="Name" autocomplete="name" value={account.name} maxLength={100} />
        <Field name="phone" label="Phone" type="tel" autocomplete="tel" value={account.phone ?? ""} optional hint="In international form, such as +44 20 7946 0000." />
      </Form>
    </Section>
  );
}

/** A word that what was asked for is done, said aloud. */
export function Done({ when, says }: { when: boolean; says: string }) {
  return (
    <span class="form__done" role="status">
      {when && says}
    </span>
  );
}
