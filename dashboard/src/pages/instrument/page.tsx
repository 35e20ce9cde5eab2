/** The page of one instrument: price, chart, facts. */

import { useSignalEffect } from "@preact/signals";
import { CandlePanel } from "../../chart/panel";
import type { Instrument } from "../../api/types";
import { formatPrice } from "../../lib/numbers";
import { BackIcon } from "../../parts/icons";
import { Notice } from "../../parts/states";
import { Link, navigate } from "../../router";
import { useStore } from "../../store/context";
import { InstrumentBones } from "./bones";
import { FactList } from "./facts";
import { InstrumentHead } from "./head";

export function InstrumentPage({ symbol }: { symbol: string }) {
  const { market } = useStore();
  const fetched = market.instruments.value;
  if (fetched.status === "loading") return <InstrumentSkeleton />;
  if (fetched.status === "failed") {
    const action = { label: "Try again", run: () => market.retry() };
    return (
      <Notice isPage title={`${symbol} did not load.`} action={action}>
        {fetched.message} It is tried again as soon as the connection stands.
      </Notice>
    );
  }
  const wanted = symbol.toUpperCase();
  const instrument = fetched.value.find((one) => one.symbol === wanted);
  if (instrument) return <Known key={wanted} instrument={instrument} />;
  return (
    <Notice
      isPage
      title={`There is no instrument ${symbol}.`}
      action={{ label: "To the markets", run: () => navigate("/") }}
    >
      The key / searches by symbol or name.
    </Notice>
  );
}

function Known({ instrument }: { instrument: Instrument }) {
  const { market } = useStore();
  useSignalEffect(() => {
    void market.now.value;
    const price = market.board.quote(instrument.symbol).peek()?.price;
    const shown = price == null ? "" : `${formatPrice(price, instrument.decimals)} `;
    document.title = `${shown}${instrument.symbol} · Tradewind`;
  });
  return (
    <div class="instrument">
      <section class="instrument__main" aria-label={instrument.symbol}>
        <Link to="/" class="back">
          <BackIcon /> Markets
        </Link>
        <InstrumentHead instrument={instrument} level={1} />
        <CandlePanel instrument={instrument} />
      </section>
      <aside class="instrument__facts" aria-label="Facts">
        <FactList instrument={instrument} />
      </aside>
    </div>
  );
}

function InstrumentSkeleton() {
  return (
    <div class="instrument" aria-busy="true">
      <section class="instrument__main">
        <InstrumentBones />
      </section>
      <aside class="instrument__facts" />
    </div>
  );
}
