/** Giving the account up. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Form } from "../../parts/form";
import { navigate } from "../../router";
import { useStore } from "../../store/context";
import { Submission } from "../../store/submission";
import { Section } from "./section";

export function Deletion() {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const isSure = useSignal(false);
  const remove = async (): Promise<void> => {
    await session.ask("DELETE", "/api/auth/account");
    session.forget();
    navigate("/");
  };
  const keep = (
    <button type="button" class="button button--quiet" onClick={() => (isSure.value = false)}>
      Keep it
    </button>
  );
  return (
    <Section title="Delete the account" lead="You are signed out everywhere at once. What is personal is erased after 30 days.">
      {isSure.value ? (
        <Form submission={submission} label="Delete the account" submit="Delete my account now" tone="danger" act={remove} beside={keep} />
      ) : (
        <div class="form__row">
          <button type="button" class="button button--danger" onClick={() => (isSure.value = true)}>
            Delete my account…
          </button>
        </div>
      )}
    </Section>
  );
}
