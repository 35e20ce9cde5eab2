/** The pill that says how the stream does; a click retries at once when it is not well. */

import { useStore } from "../store/context";
import type { Connection } from "../store/stream";
import { shortAge } from "../lib/times";

interface Shown {
  tone: "live" | "waiting" | "stale";
  label: string;
  detail: string;
  title: string;
}

export function ConnectionPill() {
  const { market } = useStore();
  const shown = shownOf(market.connection.value, market.now.value, market.roundTripMs.value);
  return (
    <button
      type="button"
      class={`pill pill--${shown.tone}`}
      title={shown.title}
      onClick={() => market.retry()}
    >
      <span class="pill__dot" aria-hidden="true" />
      <span class="hidden">Connection:</span>
      <span class="pill__label">{shown.label}</span>
      <span class="pill__detail">{shown.detail}</span>
    </button>
  );
}

export function shownOf(connection: Connection, nowMs: number, roundTripMs: number | null): Shown {
  switch (connection.phase) {
    case "live": {
      const detail = roundTripMs === null ? "" : `${Math.max(1, Math.round(roundTripMs))} ms`;
      return { tone: "live", label: "Live", detail, title: "Prices stream in; round trip to the server" };
    }
    case "connecting":
      return { tone: "waiting", label: "Connecting", detail: "", title: "The stream is being opened" };
    case "stale": {
      const detail = shortAge(nowMs - connection.sinceMs);
      return { tone: "stale", label: "Stale", detail, title: "Connected, but nothing arrives" };
    }
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((connection.untilMs - nowMs) / 1000));
      const title = "The server does not answer; click to try now";
      return { tone: "waiting", label: "Reconnecting", detail: `${seconds} s`, title };
    }
  }
}
