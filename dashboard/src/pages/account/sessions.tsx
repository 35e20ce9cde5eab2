/** Where the account is signed in, and how to end it there. */

import type { SessionRecord } from "../../api/types";
import { deviceOf } from "../../lib/devices";
import { ageInWords, utcTime } from "../../lib/times";
import { navigate } from "../../router";
import { useStore } from "../../store/context";
import { Act } from "./act";
import { Listing, useListing } from "./listing";
import { Section } from "./section";

const PATH = "/api/auth/sessions";

export function Sessions() {
  const { session, market } = useStore();
  const listing = useListing<SessionRecord>(PATH);
  const endAll = async (): Promise<void> => {
    await session.signOut(true);
    navigate("/");
  };
  const end = async ({ id, current }: SessionRecord): Promise<void> => {
    if (current) return session.signOut();
    await session.ask("DELETE", `${PATH}/${id}`);
    return listing.load();
  };
  const row = (one: SessionRecord) => (
    <>
      <div class="list__what">
        <b title={one.user_agent ?? undefined}>{deviceOf(one.user_agent)}</b>
        {one.current && <span class="tag">This one</span>}
        <span class="list__facts">
          {one.ip_address ?? "Unknown address"} · used{" "}
          <time title={utcTime(Date.parse(one.last_used_at))}>
            {ageInWords(Math.max(0, market.now.value - Date.parse(one.last_used_at)))}
          </time>
        </span>
      </div>
      <Act label={one.current ? "Sign out" : "End"} about={deviceOf(one.user_agent)} act={() => end(one)} />
    </>
  );
  return (
    <Section title="Sessions" lead="Where you are signed in. What you do not know, end; then change your password.">
      <Listing listing={listing} label="Sessions" empty="None." row={row} />
      <div class="form__row">
        <Act label="Sign out everywhere" tone="plain" act={endAll} />
      </div>
    </Section>
  );
}
