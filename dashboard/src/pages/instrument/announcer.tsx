/** Says the focused instrument's price to a screen reader, seldom and politely. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Instrument } from "../../api/types";
import { formatPercent, formatPrice } from "../../lib/numbers";
import { useStore } from "../../store/context";

const ANNOUNCE_INTERVAL_MS = 20_000;

export function Announcer({ instrument }: { instrument: Instrument }) {
  const { symbol, decimals } = instrument;
  const quote = useStore().market.board.quote(symbol);
  const text = useSignal("");
  useEffect(() => {
    const announce = (): void => {
      const now = quote.peek();
      if (!now || now.price === null) return;
      const change = now.change_percent === null ? "" : `, ${formatPercent(now.change_percent)} today`;
      text.value = `${symbol} ${formatPrice(now.price, decimals)}${change}`;
    };
    const timer = setInterval(announce, ANNOUNCE_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [symbol]);
  return (
    <p class="hidden" aria-live="polite">
      {text}
    </p>
  );
}
