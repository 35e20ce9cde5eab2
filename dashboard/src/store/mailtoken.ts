/** The token of a mail's link: taken out of the address at once, held in memory until it is used. */

import { signal } from "@preact/signals";

export const mailToken = signal<string | null>(null);

/** Takes the token from the address, if there is one, and from the browser's history. */
export function takeMailToken(
  place: Pick<Location, "hash" | "pathname">,
  history: Pick<History, "replaceState">,
): void {
  const token = new URLSearchParams(place.hash.slice(1)).get("token");
  if (token === null) return;
  mailToken.value = token;
  history.replaceState(null, "", place.pathname);
}

/** Also where a second link is pasted into a page that stands open. */
export function followMailLinks(page: Window): void {
  takeMailToken(page.location, page.history);
  page.addEventListener("hashchange", () => takeMailToken(page.location, page.history));
}
