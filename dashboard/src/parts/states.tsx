/** What a view says when it has nothing to show yet, nothing at all, or failed. */

import type { ComponentChildren } from "preact";

interface NoticeProps {
  title: string;
  /** Whether it stands for the whole page, whose heading its title is then. */
  isPage?: boolean;
  children?: ComponentChildren;
  action?: { label: string; run: () => void };
}

export function Notice({ title, isPage, children, action }: NoticeProps) {
  const Title = isPage ? "h1" : "p";
  return (
    <div class="notice" role="status">
      <Title class="notice__title">{title}</Title>
      {children && <p class="notice__text">{children}</p>}
      {action && (
        <button type="button" class="button" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}

/** A grey bar in the place and size of what will stand there. */
export function Bone({ widthPx }: { widthPx: number }) {
  return <span class="bone" style={{ width: `${widthPx}px` }} />;
}
