/** The second hand: one signal that ages and countdowns read. */

import { signal, type ReadonlySignal } from "@preact/signals";

const TICK_MS = 1000;

/** The local time, once a second while the page is seen. */
export function secondHand(page: Document): ReadonlySignal<number> {
  const now = signal(Date.now());
  const tick = (): void => {
    if (!page.hidden) now.value = Date.now();
  };
  setInterval(tick, TICK_MS);
  page.addEventListener("visibilitychange", tick);
  return now;
}
