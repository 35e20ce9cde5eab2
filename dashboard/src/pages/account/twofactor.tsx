/** The second factor: an app's codes, set up with a picture, and ten codes for when the app is lost. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Account, Enrolment } from "../../api/types";
import { CODE_PATTERN } from "../../lib/words";
import { Field, Form, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import { Resource } from "../../store/resource";
import { Submission } from "../../store/submission";
import { Act } from "./act";
import { Section } from "./section";
import { Once } from "./once";

const PATH = "/api/auth/2fa";

interface Codes {
  backup_codes: string[];
}

export function TwoFactor({ account }: { account: Account }) {
  const { session } = useStore();
  const enrolment = useSignal<Enrolment | null>(null);
  const codes = useSignal<string[] | null>(null);
  const enrol = async (): Promise<void> => {
    codes.value = null;
    enrolment.value = await session.ask<Enrolment>("POST", `${PATH}/enrol`);
  };
  const disable = async (): Promise<void> => {
    await session.ask("DELETE", PATH);
    codes.value = null;
    await session.load();
  };
  const renew = async (): Promise<void> => {
    codes.value = (await session.ask<Codes>("POST", `${PATH}/backup-codes`)).backup_codes;
  };
  const confirmed = async (given: string[]): Promise<void> => {
    codes.value = given;
    enrolment.value = null;
    await session.load();
  };
  const isOn = account.two_factor_enabled;
  return (
    <Section title="Two-factor" lead={isOn ? <LeadOfOn codes={codes.value} /> : "Off: your password alone lets anybody in."}>
      {codes.value && (
        <Once
          title="Your backup codes"
          lead="Each works once, in the place of the app. They are shown this once: keep them where your password is not."
          text={codes.value.join("\n")}
          file="tradewind-backup-codes.txt"
          done={() => (codes.value = null)}
        />
      )}
      {enrolment.value && <Enrolling enrolment={enrolment.value} confirmed={confirmed} />}
      {!enrolment.value && (
        <div class="form__row">
          {isOn ? (
            <>
              <Act label="New backup codes" tone="plain" act={renew} />
              <Act label="Turn it off" tone="danger" act={disable} />
            </>
          ) : (
            <Act label="Turn it on" tone="plain" act={enrol} />
          )}
        </div>
      )}
    </Section>
  );
}

/** How many codes are left is asked anew when `codes` are other ones. */
function LeadOfOn({ codes }: { codes: string[] | null }) {
  const { session } = useStore();
  const state = useMemo(() => new Resource(() => session.ask<{ backup_codes_left: number }>("GET", PATH)), [session]);
  useEffect(() => void state.load(), [codes]);
  const fetched = state.fetched.value;
  const left = fetched.status === "ready" ? ` Backup codes left: ${fetched.value.backup_codes_left}.` : "";
  return <>On: signing in with your password asks for a code too.{left}</>;
}

interface EnrollingProps {
  enrolment: Enrolment;
  confirmed: (codes: string[]) => Promise<void>;
}

function Enrolling({ enrolment, confirmed }: EnrollingProps) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission({ INVALID_CODE: ["code"] }), []);
  const confirm = async ({ code = "" }: Values): Promise<void> => {
    const body = { code: code.replace(/\s/g, "") };
    await confirmed((await session.ask<Codes>("POST", `${PATH}/confirm`, body)).backup_codes);
  };
  return (
    <div class="enrol">
      <img class="enrol__qr" src={imageOf(enrolment.qr_svg)} alt="QR code with the secret, for your app" width={176} height={176} />
      <div class="enrol__steps">
        <p>Let your authenticator app read the picture, or give it this secret:</p>
        <p>
          <code class="code" data-secret>
            {enrolment.secret}
          </code>
        </p>
        <Form submission={submission} label="Confirm the app" submit="Confirm" act={confirm}>
          <Field name="code" label="Code that the app shows" autocomplete="one-time-code" inputMode="numeric" pattern={CODE_PATTERN} hint="Six digits." autofocus />
        </Form>
      </div>
    </div>
  );
}

/** As an image the picture cannot bring script into the page, whatever is in it. */
function imageOf(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
