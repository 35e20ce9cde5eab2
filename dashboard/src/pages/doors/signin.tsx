/** Signing in: a password or a passkey, then the second factor where there is one. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { send } from "../../api/client";
import type { Factor } from "../../api/types";
import { arePasskeysKnown, usedPasskey } from "../../lib/passkeys";
import { CODE_PATTERN } from "../../lib/words";
import { Field, Form, PasswordField, Told } from "../../parts/form";
import { Link, path, redirect } from "../../router";
import { useStore } from "../../store/context";
import { SignIn } from "../../store/signin";
import { Submission } from "../../store/submission";
import { DoorCard } from "./door";

export function SignInDoor() {
  const { session } = useStore();
  const signIn = useMemo(
    () => new SignIn({ send, usePasskey: usedPasskey, signedIn: () => session.signedIn() }),
    [session],
  );
  const byPasskey = useMemo(() => new Submission(), []);
  useSignalEffect(() => {
    if (session.who.value.status === "in" && path.peek() === "/sign-in") redirect("/");
  });
  const step = signIn.step.value;
  if (step.at === "second") return <SecondStep signIn={signIn} byPasskey={byPasskey} methods={step.methods} />;
  return (
    <DoorCard title="Sign in">
      <PasswordStep signIn={signIn} />
      <PasskeyButton signIn={signIn} submission={byPasskey} />
      <p class="door__ways">
        <Link to="/register">Open an account</Link>
        <Link to="/forgot">Forgotten password</Link>
      </p>
    </DoorCard>
  );
}

function PasswordStep({ signIn }: { signIn: SignIn }) {
  const submission = useMemo(() => new Submission(), []);
  return (
    <Form
      submission={submission}
      label="Sign in"
      submit="Sign in"
      act={({ email = "", password = "" }) => signIn.password(email, password)}
    >
      <Field name="email" label="E-mail address" type="email" autocomplete="username" autofocus />
      <PasswordField name="password" label="Password" autocomplete="current-password" />
    </Form>
  );
}

interface SecondStepProps {
  signIn: SignIn;
  byPasskey: Submission;
  methods: readonly Factor[];
}

function SecondStep({ signIn, byPasskey, methods }: SecondStepProps) {
  const submission = useMemo(() => new Submission({ INVALID_CODE: ["code"] }), []);
  const byBackup = useSignal(false);
  const act = ({ code = "" }) => (byBackup.value ? signIn.backupCode(code) : signIn.code(code));
  return (
    <DoorCard title="Second step" lead="Your password was right. This account asks for one thing more.">
      <Form
        submission={submission}
        label="Second step"
        submit="Go on"
        act={act}
        beside={
          methods.includes("backup_code") && (
            <button type="button" class="button button--quiet" onClick={() => (byBackup.value = !byBackup.value)}>
              {byBackup.value ? "Use a code of the app" : "Use a backup code"}
            </button>
          )
        }
      >
        {byBackup.value ? (
          <Field key="backup" name="code" label="Backup code" autocomplete="off" hint="One of the ten, such as abcde-fghij." autofocus />
        ) : (
          <Field key="totp" name="code" label="Code of your app" autocomplete="one-time-code" inputMode="numeric" pattern={CODE_PATTERN} hint="Six digits." autofocus />
        )}
      </Form>
      {methods.includes("passkey") && <PasskeyButton signIn={signIn} submission={byPasskey} />}
      <p class="door__ways">
        <button type="button" class="link" onClick={() => signIn.beginAgain()}>
          Begin again
        </button>
      </p>
    </DoorCard>
  );
}

function PasskeyButton({ signIn, submission }: { signIn: SignIn; submission: Submission }) {
  if (!arePasskeysKnown()) return null;
  return (
    <div class="door__or">
      <button
        type="button"
        class="button button--plain"
        aria-busy={submission.busy.value}
        onClick={() => void submission.run(() => signIn.passkey())}
      >
        Use a passkey
      </button>
      <Told submission={submission} />
    </div>
  );
}
