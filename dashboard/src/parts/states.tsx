/** What a view says when it has nothing to show yet, nothing at all, or failed. */

import type { ComponentChildren } from "preact";

interface NoticeProps {
  title: string;
  children?: ComponentChildren;
  action?: { label: string; run: () => void };
}

export function Notice({ title, children, action }: NoticeProps) {
  return (
    <div class="notice" role="status">
      <p class="notice__title">{title}</p>
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
