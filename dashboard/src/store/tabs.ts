/** What the browser gives a session: cookies, a lock over all tabs, a channel between them. */

import { send } from "../api/client";
import { cookieOf, expired } from "../lib/cookies";
import type { SessionParts, Word } from "./session";

const LOCK = "tradewind.refresh";
const CHANNEL = "tradewind.session";
/** A time, never a token. */
const REFRESHED = "tradewind.refreshed";
const CSRF_COOKIE = "tradewind_csrf";

export function browserParts(): SessionParts {
  const channel = new BroadcastChannel(CHANNEL);
  let refreshedMs = 0;
  return {
    send,
    csrf: () => cookieOf(document.cookie, CSRF_COOKIE),
    dropCsrf: () => expired(CSRF_COOKIE).forEach((cookie) => (document.cookie = cookie)),
    now: () => Date.now(),
    exclusively,
    refreshedMs: () => Math.max(refreshedMs, keptMs()),
    noteRefresh: (nowMs) => {
      refreshedMs = nowMs;
      keepMs(nowMs);
    },
    tell: (word) => channel.postMessage(word),
    hear: (listener) => channel.addEventListener("message", (event) => listener(event.data as Word)),
  };
}

/** Browsers keep locks from pages of plain http; there the server's own patience with repeats holds. */
async function exclusively(run: () => Promise<void>): Promise<void> {
  const locks = (navigator as Partial<Navigator>).locks;
  await (locks ? locks.request(LOCK, run) : run());
}

function keptMs(): number {
  try {
    return Number(localStorage.getItem(REFRESHED)) || 0;
  } catch {
    return 0;
  }
}

function keepMs(nowMs: number): void {
  try {
    localStorage.setItem(REFRESHED, String(nowMs));
  } catch {
    // Without storage each tab refreshes by itself.
  }
}
