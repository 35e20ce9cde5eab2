/** A secret that is shown this once: to copy, to keep as a file, and then gone. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

interface OnceProps {
  title: string;
  lead: string;
  text: string;
  /** The name of the file that it can be kept as. */
  file: string;
  done: () => void;
}

export function Once({ title, lead, text, file, done }: OnceProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const copied = useSignal("");
  useEffect(() => heading.current?.focus(), []);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = "Copied.";
    } catch {
      copied.value = "The browser would not copy it: mark it by hand.";
    }
  };
  return (
    <div class="once">
      <h3 ref={heading} tabIndex={-1}>
        {title}
      </h3>
      <p>{lead}</p>
      <pre class="code once__text">{text}</pre>
      <div class="form__row">
        <button type="button" class="button button--plain" onClick={() => void copy()}>
          Copy
        </button>
        <button type="button" class="button button--plain" onClick={() => download(text, file)}>
          Download
        </button>
        <button type="button" class="button" onClick={done}>
          I have kept it
        </button>
        <span class="form__done" role="status">
          {copied}
        </span>
      </div>
    </div>
  );
}

function download(text: string, file: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}
