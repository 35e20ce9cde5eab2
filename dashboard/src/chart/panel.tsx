/** The chart of an instrument with its interval switch, its legend, and all of its states. */

import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Instrument } from "../api/types";
import { INTERVALS, type Interval } from "../lib/candles";
import { Notice } from "../parts/states";
import { Segmented } from "../parts/segmented";
import { useStore } from "../store/context";
import type { CandleSeries } from "../store/series";
import { Drawing } from "./drawing";
import { Legend } from "./legend";

const CHOICES = INTERVALS.map((value) => ({ value, label: value }));

export function CandlePanel({ instrument }: { instrument: Instrument }) {
  const { market, preferences } = useStore();
  const { interval } = preferences;
  const series = useSeries(instrument.symbol, interval.value);
  const hovered = useSignal<number | undefined>(undefined);
  const phase = market.connection.value.phase;
  const isStale = phase === "waiting" || phase === "stale";
  return (
    <section class="candles" aria-label={`${instrument.symbol} candles`}>
      <div class="candles__bar">
        <Segmented
          label="Interval"
          choices={CHOICES}
          chosen={interval.value}
          choose={(value) => (interval.value = value)}
        />
      </div>
      <div class="candles__box" data-stale={isStale}>
        <Drawing instrument={instrument} series={series} hovered={hovered} />
        <Legend series={series} decimals={instrument.decimals} hovered={hovered} />
        <Overlay series={series} interval={interval} />
        {isStale && (
          <p class="candles__banner" role="status">
            No prices arrive: the chart stands still.
          </p>
        )}
      </div>
    </section>
  );
}

/** What covers the chart while there is nothing to draw. */
function Overlay({ series, interval }: { series: CandleSeries; interval: Signal<Interval> }) {
  const fetched = series.fetched.value;
  if (fetched.status === "loading") return <div class="candles__bones" aria-busy="true" />;
  if (fetched.status === "failed") {
    const action = { label: "Try again", run: () => void series.load() };
    return (
      <Notice title="The candles did not load." action={action}>
        {fetched.message} Prices above still move.
      </Notice>
    );
  }
  if (!series.isEmpty.value) return null;
  const shorter = interval.value !== "1m";
  return shorter ? (
    <Notice
      title={`No candles of ${interval.value} yet.`}
      action={{ label: "Show 1m", run: () => (interval.value = "1m") }}
    >
      The first appears with the first price.
    </Notice>
  ) : (
    <Notice title="No candles yet.">The first appears with the first price.</Notice>
  );
}

/** The series of a symbol and interval, started and stopped, fetched again after a break. */
function useSeries(symbol: string, interval: Interval): CandleSeries {
  const { market } = useStore();
  const series = useMemo(() => market.series(symbol, interval), [symbol, interval]);
  useEffect(() => {
    series.start();
    return () => series.stop();
  }, [series]);
  const seen = useMemo(() => ({ connects: market.connects.peek() }), [series]);
  useSignalEffect(() => {
    const connects = market.connects.value;
    if (connects === seen.connects) return;
    seen.connects = connects;
    void series.load();
  });
  return series;
}
