/** A button that does one thing in the person's name, and says at its side when that failed. */

import { useMemo } from "preact/hooks";
import { Told } from "../../parts/form";
import { Submission } from "../../store/submission";

interface ActProps {
  label: string;
  /** What it is about, for those who do not see the row that it stands in. */
  about?: string;
  tone?: "quiet" | "plain" | "danger";
  act: () => Promise<unknown>;
}

export function Act({ label, about, tone = "quiet", act }: ActProps) {
  const submission = useMemo(() => new Submission(), []);
  return (
    <>
      <button
        type="button"
        class={`button button--${tone}`}
        aria-label={about && `${label}: ${about}`}
        aria-busy={submission.busy.value}
        onClick={() => void submission.run(act)}
      >
        {label}
      </button>
      {submission.problem.value && <Told submission={submission} />}
    </>
  );
}
