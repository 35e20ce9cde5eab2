/** The figures of the candle under the cross-hair, or else of the running one. */

import type { Signal } from "@preact/signals";
import type { Candle } from "../lib/candles";
import { directionOf, formatPercent, formatPrice, formatVolume } from "../lib/numbers";
import { localDayAndClock, utcDay, utcTime } from "../lib/times";
import type { CandleSeries } from "../store/series";

interface LegendProps {
  series: CandleSeries;
  decimals: number;
  hovered: Signal<number | undefined>;
}

const WAY = { "-1": "down", "0": "flat", "1": "up" } as const;

export function Legend({ series, decimals, hovered }: LegendProps) {
  const candle = shownCandle(series, hovered.value);
  if (!candle) return <p class="legend" />;
  const ms = candle.time * 1000;
  const way = WAY[directionOf(candle.close - candle.open, decimals)];
  return (
    <p class="legend" data-time={candle.time}>
      <time title={utcTime(ms)}>{series.interval === "1d" ? utcDay(ms) : localDayAndClock(ms)}</time>
      <Figure name="O" title="Open">{formatPrice(candle.open, decimals)}</Figure>
      <Figure name="H" title="High">{formatPrice(candle.high, decimals)}</Figure>
      <Figure name="L" title="Low">{formatPrice(candle.low, decimals)}</Figure>
      <Figure name="C" title="Close">{formatPrice(candle.close, decimals)}</Figure>
      <span class={way}>{formatPercent((candle.close / candle.open - 1) * 100)}</span>
      {candle.volume !== null && (
        <Figure name="V" title="Volume">{formatVolume(candle.volume)}</Figure>
      )}
    </p>
  );
}

function Figure({ name, title, children }: { name: string; title: string; children: string }) {
  return (
    <span class="legend__figure" data-figure={name}>
      <abbr title={title}>{name}</abbr> {children}
    </span>
  );
}

function shownCandle(series: CandleSeries, time: number | undefined): Candle | undefined {
  const running = series.running.value;
  if (time === undefined || time === running?.time) return running;
  return series.history.value.find((candle) => candle.time === time) ?? running;
}
