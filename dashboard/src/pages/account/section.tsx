/** One section of the account's page. */

import type { ComponentChildren } from "preact";

interface SectionProps {
  title: string;
  lead?: ComponentChildren;
  children?: ComponentChildren;
}

export function Section({ title, lead, children }: SectionProps) {
  const id = `section-${title.toLowerCase().replaceAll(" ", "-")}`;
  return (
    <section class="section" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lead && <p class="section__lead">{lead}</p>}
      {children}
    </section>
  );
}
