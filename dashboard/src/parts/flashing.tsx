/** A price whose changed digits, and only those, flash in the colour of their direction. */

import { batch, effect, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { splitChanged } from "../lib/digits";
import { formatPrice } from "../lib/numbers";
import type { QuoteSignal } from "../store/board";

interface Shown {
  text: string;
  price: number | null;
  flashes: number;
}

export function FlashingPrice({ quote, decimals }: { quote: QuoteSignal; decimals: number }) {
  const same = useSignal("");
  const changed = useSignal("");
  const flash = useSignal<string | undefined>(undefined);
  const move = useSignal<"up" | "down" | undefined>(undefined);
  const shown = useRef<Shown>({ text: "", price: null, flashes: 0 });

  const show = (price: number | null): void => {
    const text = formatPrice(price, decimals);
    const before = shown.current;
    if (text === before.text) return;
    const direction = directionFrom(before.price, price);
    const flashes = direction ? before.flashes + 1 : before.flashes;
    shown.current = { text, price, flashes };
    batch(() => {
      [same.value, changed.value] = splitChanged(before.price === null ? "" : before.text, text);
      move.value = direction;
      // Two names of one animation by turns: a new name starts it again.
      flash.value = direction && `${direction}-${flashes % 2}`;
    });
  };
  // An effect of the signals' own runs with the board's frame; a hook's would run one frame later.
  useLayoutEffect(() => effect(() => show(quote.value?.price ?? null)), [quote, decimals]);

  return (
    <span class="price">
      <span class="price__move" data-move={move} aria-hidden="true" />
      <span class="price__text">
        {same}
        <span class="price__changed" data-flash={flash}>
          {changed}
        </span>
      </span>
    </span>
  );
}

function directionFrom(before: number | null, after: number | null): "up" | "down" | undefined {
  if (before === null || after === null || before === after) return undefined;
  return after > before ? "up" : "down";
}
