/** One row of the watchlist. It renders once; its signals repaint single cells. */

import { useComputed, type ReadonlySignal } from "@preact/signals";
import { memo } from "../../parts/memo";
import type { Instrument } from "../../api/types";
import { formatPrice, NOTHING, spreadOf } from "../../lib/numbers";
import { instrumentPath } from "../../lib/routes";
import { localClock, shortAge, utcTime } from "../../lib/times";
import { sourceLabel } from "../../lib/words";
import { Change, ChangePercent } from "../../parts/change";
import { FlashingPrice } from "../../parts/flashing";
import { Pin } from "../../parts/pin";
import { Link } from "../../router";
import { ageOf, type Quote } from "../../store/board";
import { useStore } from "../../store/context";

interface RowProps {
  instrument: Instrument;
  index: number;
  isSelected: boolean;
  isTabStop: boolean;
}

export const Row = memo(function Row({ instrument, index, isSelected, isTabStop }: RowProps) {
  const { symbol, name, decimals } = instrument;
  const { market } = useStore();
  const quote = market.board.quote(symbol);
  const text = (of: (quote: Quote) => string, none = ""): ReadonlySignal<string> =>
    useComputed(() => (quote.value ? of(quote.value) : none));
  const bid = text((q) => formatPrice(q.bid, decimals), NOTHING);
  const ask = text((q) => formatPrice(q.ask, decimals), NOTHING);
  const spread = text((q) => formatPrice(spreadOf(q.bid, q.ask), decimals), NOTHING);
  const age = text((q) => (q.as_of === null ? "" : shortAge(ageOf(q, market.now.value))));
  const state = text((q) => q.state);
  const origin = text((q) => originOf(q));
  return (
    <tr
      class="row"
      data-symbol={symbol}
      data-state={state}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isTabStop ? 0 : -1}
      title={origin}
    >
      <td class="cell--pin">
        <Pin symbol={symbol} focusable={false} />
      </td>
      <td class="cell--symbol">
        <Link to={instrumentPath(symbol)} tabIndex={-1} class="row__symbol">
          {symbol}
        </Link>
        <span class="row__state">{state}</span>
        <span class="row__name" title={name}>
          {name}
        </span>
      </td>
      <td class="cell--last">
        <FlashingPrice quote={quote} decimals={decimals} />
      </td>
      <td class="cell--change">
        <Change quote={quote} decimals={decimals} />
      </td>
      <td class="cell--percent">
        <ChangePercent quote={quote} />
      </td>
      <td class="cell--bid">{bid}</td>
      <td class="cell--ask">{ask}</td>
      <td class="cell--spread">{spread}</td>
      <td class="cell--age">{age}</td>
    </tr>
  );
});

function originOf(quote: Quote): string {
  if (quote.as_of === null) return "No price yet";
  const { source, asOfMs } = quote;
  return `${sourceLabel(source)} · ${localClock(asOfMs)} local · ${utcTime(asOfMs)}`;
}
