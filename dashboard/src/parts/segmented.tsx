/** A row of choices of which one is taken: arrow keys move, as in any group of radio buttons. */

import type { ComponentChildren } from "preact";

interface SegmentedProps<T extends string> {
  label: string;
  choices: readonly { value: T; label: ComponentChildren; title?: string }[];
  chosen: T;
  choose: (value: T) => void;
}

export function Segmented<T extends string>({ label, choices, chosen, choose }: SegmentedProps<T>) {
  const name = `choice-${label.toLowerCase()}`;
  return (
    <div class="segmented" role="radiogroup" aria-label={label}>
      {choices.map((choice) => (
        <label key={choice.value} class="segmented__choice" title={choice.title}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === chosen}
            onChange={() => choose(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </div>
  );
}
