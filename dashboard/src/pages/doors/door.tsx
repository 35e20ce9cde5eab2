/** The frame of a door: one card with a heading, what is asked, and the ways to the other doors. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Logo } from "../../parts/icons";

interface DoorProps {
  title: string;
  /** Under the heading. */
  lead?: ComponentChildren;
  children?: ComponentChildren;
}

export function DoorCard({ title, lead, children }: DoorProps) {
  useEffect(() => {
    document.title = `${title} · Tradewind`;
  }, [title]);
  return (
    <div class="door">
      <section class="door__card">
        <Logo />
        <h1 class="door__title">{title}</h1>
        {lead && <p class="door__lead">{lead}</p>}
        {children}
      </section>
    </div>
  );
}

/** What has come of it, said aloud. */
export function Outcome({ children }: { children: ComponentChildren }) {
  return (
    <div class="door__outcome" role="status">
      {children}
    </div>
  );
}
