/** The change of the day: sign, arrow and colour say the same three times. */

import { useComputed } from "@preact/signals";
import { directionOf, formatPercent, formatSigned } from "../lib/numbers";
import type { QuoteSignal } from "../store/board";

const CLASS = { "-1": "down", "0": "flat", "1": "up" } as const;

export function Change({ quote, decimals }: { quote: QuoteSignal; decimals: number }) {
  const text = useComputed(() => formatSigned(quote.value?.change, decimals));
  const way = useComputed(() => CLASS[directionOf(quote.value?.change, decimals)]);
  return <span class={way}>{text}</span>;
}

export function ChangePercent({ quote }: { quote: QuoteSignal }) {
  const text = useComputed(() => formatPercent(quote.value?.change_percent));
  const way = useComputed(() => `percent ${CLASS[directionOf(quote.value?.change_percent, 2)]}`);
  return <span class={way}>{text}</span>;
}
