/** Passkeys: added, named, removed. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Ceremony, PasskeyRecord } from "../../api/types";
import { arePasskeysKnown, isNamedHost, madePasskey } from "../../lib/passkeys";
import { ageInWords } from "../../lib/times";
import { Field, Form, type Values } from "../../parts/form";
import { useStore } from "../../store/context";
import type { Resource } from "../../store/resource";
import { Submission } from "../../store/submission";
import { Act } from "./act";
import { Listing, useListing } from "./listing";
import { Section } from "./section";

const PATH = "/api/auth/biometric";

export function Passkeys() {
  const listing = useListing<PasskeyRecord>(PATH);
  return (
    <Section title="Passkeys" lead="Sign in with this device's own lock, or a security key: nothing to type, nothing to steal.">
      <Listing listing={listing} label="Passkeys" empty="None yet." row={(passkey) => <Row passkey={passkey} listing={listing} />} />
      {arePasskeysKnown() ? <Adding listing={listing} /> : <Elsewhere />}
    </Section>
  );
}

interface RowProps {
  passkey: PasskeyRecord;
  listing: Resource<PasskeyRecord[]>;
}

function Row({ passkey, listing }: RowProps) {
  const { session, market } = useStore();
  const renames = useSignal(false);
  const remove = async (): Promise<void> => {
    await session.ask("DELETE", `${PATH}/${passkey.id}`);
    await listing.load();
  };
  if (renames.value) return <Renaming passkey={passkey} listing={listing} done={() => (renames.value = false)} />;
  const age = (time: string): string => ageInWords(Math.max(0, market.now.value - Date.parse(time)));
  return (
    <>
      <div class="list__what">
        <b>{passkey.name}</b>
        <span class="list__facts">
          Added {age(passkey.created_at)} ·{" "}
          {passkey.last_used_at ? `used ${age(passkey.last_used_at)}` : "not used yet"}
        </span>
      </div>
      <button type="button" class="button button--quiet" aria-label={`Rename: ${passkey.name}`} onClick={() => (renames.value = true)}>
        Rename
      </button>
      <Act label="Delete" about={passkey.name} act={remove} />
    </>
  );
}

function Renaming({ passkey, listing, done }: RowProps & { done: () => void }) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const rename = async ({ name }: Values): Promise<void> => {
    await session.ask("PATCH", `${PATH}/${passkey.id}`, { name });
    await listing.load();
    done();
  };
  const cancel = (
    <button type="button" class="button button--quiet" onClick={done}>
      Leave it
    </button>
  );
  return (
    <Form submission={submission} label={`Rename ${passkey.name}`} submit="Rename" act={rename} beside={cancel}>
      <Field name="name" label="Name of this passkey" autocomplete="off" value={passkey.name} maxLength={64} autofocus />
    </Form>
  );
}

function Adding({ listing }: { listing: Resource<PasskeyRecord[]> }) {
  const { session } = useStore();
  const submission = useMemo(() => new Submission(), []);
  const add = async ({ name }: Values, form: HTMLFormElement): Promise<void> => {
    const begun = await session.ask<Ceremony>("POST", `${PATH}/register/begin`, {});
    const credential = await madePasskey(begun.options);
    await session.ask("POST", `${PATH}/register/finish`, { ceremony_id: begun.ceremony_id, credential, name });
    form.reset();
    await listing.load();
  };
  return (
    <Form submission={submission} label="Add a passkey" submit="Add a passkey" act={add}>
      <Field name="name" label="Name of the new passkey" autocomplete="off" maxLength={64} hint="Such as the device that holds it." />
    </Form>
  );
}

/** Passkeys belong to a name, and an address of digits is none. */
function Elsewhere() {
  if (isNamedHost(location.hostname)) return <p class="section__empty">This browser knows no passkeys.</p>;
  const here = new URL(location.href);
  if (here.hostname !== "127.0.0.1") {
    return <p class="section__empty">Passkeys need an address with a name, and this one has only digits.</p>;
  }
  here.hostname = "localhost";
  return (
    <p class="section__empty">
      Passkeys need the address with a name: go to{" "}
      <a class="link" href={here.href}>
        {here.host}
      </a>
      , and sign in there.
    </p>
  );
}
