/** Addresses: each page has its own, and back, reload and a new tab work. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export const path = signal(location.pathname);

window.addEventListener("popstate", () => {
  path.value = location.pathname;
});

export function navigate(to: string): void {
  if (to !== location.pathname) history.pushState(null, "", to);
  path.value = to;
}

/** Goes there in the place of where one is, so that back does not lead here again. */
export function redirect(to: string): void {
  history.replaceState(null, "", to);
  path.value = to;
}

interface LinkProps {
  to: string;
  class?: string;
  tabIndex?: number;
  "aria-label"?: string;
  "aria-current"?: "page" | "true" | undefined;
  children?: ComponentChildren;
}

/** A link within the app; with a modifier key it is the browser's, as everywhere. */
export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
