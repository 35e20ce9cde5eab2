/** What is known of an instrument's quote, as a list beside the chart or a strip above it. */

import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Instrument } from "../../api/types";
import { formatPrice, NOTHING, spreadOf } from "../../lib/numbers";
import { ageInWords, localClock, utcTime } from "../../lib/times";
import { CLASS_LABEL, REFERENCE_LABEL, sourceLabel } from "../../lib/words";
import { ageOf, type Quote } from "../../store/board";
import { useStore } from "../../store/context";

const STATE_LABEL = { live: "Live", stale: "Stale", closed: "Closed" } as const;
const BASIS_POINTS = 10_000;

export function QuoteStrip({ instrument }: { instrument: Instrument }) {
  const facts = useFacts(instrument);
  return (
    <dl class="strip">
      <Fact name="Bid">{facts.bid}</Fact>
      <Fact name="Ask">{facts.ask}</Fact>
      <Fact name="Spread">{facts.spread}</Fact>
      <Fact name="Source">{facts.source}</Fact>
    </dl>
  );
}

export function FactList({ instrument }: { instrument: Instrument }) {
  const facts = useFacts(instrument);
  return (
    <div class="facts">
      <FactGroup title="Quote">
        <Fact name="Bid">{facts.bid}</Fact>
        <Fact name="Ask">{facts.ask}</Fact>
        <Fact name="Spread">{facts.spread}</Fact>
        <Fact name="Spread, share">{facts.share}</Fact>
      </FactGroup>
      <FactGroup title="Day">
        <Fact name="Measured">{REFERENCE_LABEL[instrument.asset_class]}</Fact>
        <Fact name="Reference">{facts.reference}</Fact>
      </FactGroup>
      <FactGroup title="Origin">
        <Fact name="Source">{facts.source}</Fact>
        <Fact name="As of">
          <time title={facts.utc}>{facts.asOf}</time>
        </Fact>
        <Fact name="Age">{facts.age}</Fact>
        <Fact name="State">{facts.state}</Fact>
        <Fact name="Class">{CLASS_LABEL[instrument.asset_class]}</Fact>
      </FactGroup>
    </div>
  );
}

function FactGroup({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="facts__group">
      <h2>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function useFacts({ symbol, decimals }: Instrument) {
  const { market } = useStore();
  const quote = market.board.quote(symbol);
  const text = (of: (quote: Quote) => string) =>
    useComputed(() => (quote.value ? of(quote.value) : NOTHING));
  const dated = (of: (quote: Quote) => string) => text((q) => (q.as_of === null ? NOTHING : of(q)));
  return {
    bid: text((q) => formatPrice(q.bid, decimals)),
    ask: text((q) => formatPrice(q.ask, decimals)),
    spread: text((q) => formatPrice(spreadOf(q.bid, q.ask), decimals)),
    share: text((q) => basisPoints(q)),
    reference: text((q) => formatPrice(referenceOf(q), decimals)),
    source: text((q) => sourceLabel(q.source)),
    asOf: dated((q) => localClock(q.asOfMs)),
    utc: dated((q) => utcTime(q.asOfMs)),
    age: dated((q) => ageInWords(ageOf(q, market.now.value))),
    state: text((q) => STATE_LABEL[q.state]),
  };
}

function referenceOf({ price, change }: Quote): number | null {
  return price === null || change === null ? null : price - change;
}

function basisPoints({ bid, ask, price }: Quote): string {
  const spread = spreadOf(bid, ask);
  if (spread === null || !price) return NOTHING;
  return `${formatPrice((spread / price) * BASIS_POINTS, 2)} bp`;
}
