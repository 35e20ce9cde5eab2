/** The question that stands before a sensitive act: prove that it is you. */

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Account, Ceremony } from "../../api/types";
import { arePasskeysKnown, usedPasskey } from "../../lib/passkeys";
import { Field, Form, PasswordField, Told, Username, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import type { Proof } from "../../store/session";
import { Submission } from "../../store/submission";
import "../../styles/account.css";

const PLACES = {
  INVALID_CREDENTIALS: ["password", "This is not your password."],
  INVALID_CODE: ["code"],
} as const;

export function ProofDialog({ proof }: { proof: Proof }) {
  const { session } = useStore();
  const dialog = useRef<HTMLDialogElement>(null);
  const who = session.who.value;
  // Before the effects of the fields, the first of which takes the focus.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  if (who.status !== "in") return null;
  // Closing gives the focus back to where it was; what comes after that cannot undo what was proved.
  const close = (): void => dialog.current?.close();
  const proved = (): void => {
    close();
    proof.proved();
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="proof-title" onClose={() => proof.dismissed()}>
      <h2 id="proof-title">Is it you?</h2>
      <p class="section__lead">This needs a proof that is not older than five minutes.</p>
      <ByPassword account={who.account} proved={proved} close={close} />
      {arePasskeysKnown() && <ByPasskey proved={proved} />}
    </dialog>
  );
}

interface ByPasswordProps {
  account: Account;
  proved: () => void;
  close: () => void;
}

function ByPassword({ account, proved, close }: ByPasswordProps) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(PLACES), []);
  const byBackup = useSignal(false);
  const prove = async ({ password, code }: Values): Promise<void> => {
    const factor = code === undefined ? {} : byBackup.value ? { backup_code: code.trim() } : { code: code.replace(/\s/g, "") };
    await session.ask("POST", "/api/auth/step-up", { password, ...factor });
    proved();
  };
  const leave = (
    <button type="button" class="button button--quiet" onClick={close}>
      Leave it
    </button>
  );
  return (
    <Form submission={submission} label="Proof" submit="Go on" act={prove} beside={leave}>
      <Username email={account.email} />
      <PasswordField name="password" label="Password" autocomplete="current-password" autofocus />
      {account.two_factor_enabled && (
        <>
          <Field
            key={String(byBackup.value)}
            name="code"
            label={byBackup.value ? "Backup code" : "Code of your app"}
            autocomplete={byBackup.value ? "off" : "one-time-code"}
            inputMode={byBackup.value ? "text" : "numeric"}
          />
          <button type="button" class="link" onClick={() => (byBackup.value = !byBackup.value)}>
            {byBackup.value ? "Use a code of the app" : "Use a backup code"}
          </button>
        </>
      )}
    </Form>
  );
}

function ByPasskey({ proved }: { proved: () => void }) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const prove = async (): Promise<void> => {
    const begun = await session.ask<Ceremony>("POST", "/api/auth/step-up/passkey/begin", {});
    const credential = await usedPasskey(begun.options);
    await session.ask("POST", "/api/auth/step-up/passkey/finish", { ceremony_id: begun.ceremony_id, credential });
    proved();
  };
  return (
    <div class="door__or">
      <button type="button" class="button button--plain" aria-busy={submission.busy.value} onClick={() => void submission.run(prove)}>
        Use a passkey
      </button>
      <Told submission={submission} />
    </div>
  );
}
