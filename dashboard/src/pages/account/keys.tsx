/** API keys for programs: made with scopes and an end, shown once, revoked. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Account, ApiKeyRecord } from "../../api/types";
import { ageInWords, localDay } from "../../lib/times";
import { KEY_SCOPES, scopeLabel } from "../../lib/words";
import { Field, Form, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import type { Resource } from "../../store/resource";
import { Submission } from "../../store/submission";
import { Act } from "./act";
import { Listing, useListing } from "./listing";
import { Once } from "./once";
import { Section } from "./section";

const PATH = "/api/auth/api-keys";
const LIVES_DAYS = [7, 30, 90, 365] as const;
const FIRST_LIFE_DAYS = 90;
const FIRST_SCOPE = "market:read";

export function ApiKeys({ account }: { account: Account }) {
  const { session, market } = useStore();
  const listing = useListing<ApiKeyRecord>(PATH);
  const revoke = async ({ id }: ApiKeyRecord): Promise<void> => {
    await session.ask("DELETE", `${PATH}/${id}`);
    await listing.load();
  };
  const row = (key: ApiKeyRecord) => (
    <>
      <div class="list__what">
        <b>{key.name}</b>
        <span class="list__facts">
          {key.scopes.join(", ")} ·{" "}
          {key.expires_at ? `until ${localDay(Date.parse(key.expires_at))}` : "without an end"} ·{" "}
          {key.last_used_at
            ? `used ${ageInWords(Math.max(0, market.now.value - Date.parse(key.last_used_at)))}`
            : "not used yet"}
        </span>
      </div>
      <Act label="Revoke" about={key.name} act={() => revoke(key)} />
    </>
  );
  return (
    <Section title="API keys" lead="For programs that act in your name, each with no more than it needs.">
      <Listing listing={listing} label="API keys" empty="None yet." row={row} />
      <Making account={account} listing={listing} />
    </Section>
  );
}

interface MakingProps {
  account: Account;
  listing: Resource<ApiKeyRecord[]>;
}

function Making({ account, listing }: MakingProps) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const made = useSignal<string | null>(null);
  const make = async ({ name, days }: Values, form: HTMLFormElement): Promise<void> => {
    const scopes = new FormData(form).getAll("scopes");
    if (scopes.length === 0) throw new Error("Allow it one thing at least.");
    const body = { name, scopes, expires_in_days: Number(days) };
    const answer = await session.ask<{ key: string }>("POST", PATH, body);
    made.value = answer.key;
    form.reset();
    await listing.load();
  };
  return (
    <>
      {made.value && (
        <Once
          title="Your new key"
          lead="It is shown this once: put it where the program reads it."
          text={made.value}
          file="tradewind-api-key.txt"
          done={() => (made.value = null)}
        />
      )}
      <Form submission={submission} label="New API key" submit="Make a key" act={make}>
        <Field name="name" label="Name of the new key" autocomplete="off" maxLength={64} hint="Such as the program that uses it." />
        <Scopes allowed={KEY_SCOPES.filter((scope) => account.permissions.includes(scope))} />
        <Life />
      </Form>
    </>
  );
}

function Scopes({ allowed }: { allowed: readonly string[] }) {
  return (
    <fieldset class="scopes">
      <legend>It may</legend>
      {allowed.map((scope) => (
        <label key={scope} class="check">
          <input type="checkbox" name="scopes" value={scope} defaultChecked={scope === FIRST_SCOPE} />
          {scopeLabel(scope)}
        </label>
      ))}
    </fieldset>
  );
}

function Life() {
  return (
    <div class="field">
      <label for="key-days">It ends after</label>
      <select id="key-days" class="field__input" name="days">
        {LIVES_DAYS.map((days) => (
          <option key={days} value={days} selected={days === FIRST_LIFE_DAYS}>
            {days} days
          </option>
        ))}
      </select>
    </div>
  );
}
