/** The head of an instrument: its name, its price at large, its change and since when. */

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Instrument } from "../../api/types";
import { shortAge } from "../../lib/times";
import { REFERENCE_LABEL } from "../../lib/words";
import { Change, ChangePercent } from "../../parts/change";
import { FlashingPrice } from "../../parts/flashing";
import { Pin } from "../../parts/pin";
import { ageOf } from "../../store/board";
import { useStore } from "../../store/context";
import { Announcer } from "./announcer";

interface HeadProps {
  instrument: Instrument;
  /** Of the heading: 1 where the page is the instrument's own. */
  level: 1 | 2;
  children?: ComponentChildren;
}

/** To be keyed by symbol: another instrument's price is no change of this one's. */
export function InstrumentHead({ instrument, level, children }: HeadProps) {
  const { symbol, name, decimals } = instrument;
  const Heading = level === 1 ? "h1" : "h2";
  const { market } = useStore();
  const quote = market.board.quote(symbol);
  const isOld = useComputed(() => quote.value !== undefined && quote.value.state !== "live");
  return (
    <div class="head" data-old={isOld}>
      <div class="head__title">
        <Pin symbol={symbol} focusable />
        <Heading class="head__symbol">{symbol}</Heading>
        <span class="head__name">{name}</span>
        <StateTag instrument={instrument} />
        <span class="head__actions">{children}</span>
      </div>
      <div class="head__quote">
        <span class="head__price">
          <FlashingPrice key={symbol} quote={quote} decimals={decimals} />
        </span>
        <span class="head__change">
          <Change quote={quote} decimals={decimals} />
          <ChangePercent quote={quote} />
          <span class="head__since">{REFERENCE_LABEL[instrument.asset_class]}</span>
        </span>
      </div>
      <Announcer instrument={instrument} />
    </div>
  );
}

function StateTag({ instrument }: { instrument: Instrument }) {
  const { market } = useStore();
  const quote = market.board.quote(instrument.symbol);
  const text = useComputed(() => {
    if (!quote.value || quote.value.state === "live") return "";
    if (quote.value.as_of === null) return "No price yet";
    const word = quote.value.state === "closed" ? "Closed" : "Stale";
    return `${word} · ${shortAge(ageOf(quote.value, market.now.value))}`;
  });
  return (
    <span class="tag" title="Whether the price is old, and how old">
      {text}
    </span>
  );
}
