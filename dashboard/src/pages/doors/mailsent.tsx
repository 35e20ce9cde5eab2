/** What a door says when the rest comes by mail; the same for every address. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { send } from "../../api/client";
import { Link } from "../../router";
import { DoorCard, Outcome } from "./door";

export function LookIntoYourMail({ address }: { address: string }) {
  return (
    <DoorCard title="Look into your mail">
      <Outcome>
        <p>
          We have written to <b>{address}</b>. The link in that mail goes on from here.
        </p>
        <OutboxLink />
      </Outcome>
      <p class="door__ways">
        <Link to="/sign-in">To sign in</Link>
      </p>
    </DoorCard>
  );
}

/** Where no mail leaves the machine, the way to the page that shows what would have. */
function OutboxLink() {
  const isOpen = useSignal(false);
  useEffect(() => {
    send("GET", "/api/outbox").then(
      () => (isOpen.value = true),
      () => undefined,
    );
  }, []);
  if (!isOpen.value) return null;
  return (
    <p>
      <span class="badge badge--simulated">DEVELOPMENT</span> No mail leaves this machine:{" "}
      <a class="link" href="/development/outbox">
        see what was written
      </a>
      .
    </p>
  );
}
