/** Candles and how live prices join them: pure functions on immutable candles. */

import type { CandleRecord } from "../api/types";

export const INTERVALS = ["1m", "5m", "15m", "1h", "1d"] as const;
export type Interval = (typeof INTERVALS)[number];

export const INTERVAL_S: Record<Interval, number> = {
  "1m": 60,
  "5m": 300,
  "15m": 900,
  "1h": 3600,
  "1d": 86_400,
};

/** `time` is the start of the bucket in seconds since the epoch. */
export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  complete: boolean;
}

export function candleOf(record: CandleRecord): Candle {
  const { open, high, low, close, volume, complete } = record;
  return { time: Date.parse(record.time) / 1000, open, high, low, close, volume, complete };
}

export function isInterval(value: unknown): value is Interval {
  return INTERVALS.includes(value as Interval);
}

/** The start of the bucket that holds `timeMs`, in seconds; buckets are aligned to UTC. */
export function bucketOf(timeMs: number, interval: Interval): number {
  const width = INTERVAL_S[interval];
  return Math.floor(timeMs / 1000 / width) * width;
}

/** The running candle after a price: grown, or a new one, or null when the price came too late. */
export function grown(last: Candle | undefined, price: number, bucket: number): Candle | null {
  if (!last || bucket > last.time) return opened(price, bucket);
  if (bucket < last.time) return null;
  return {
    ...last,
    high: Math.max(last.high, price),
    low: Math.min(last.low, price),
    close: price,
    complete: false,
  };
}

/**
 * What is known, corrected by what the server answered; both ascend by time.
 *
 * The server's word stands for every candle but the running one: the answer was already old when
 * it came, so the running candle keeps its close and the widest of both ranges. A candle that the
 * answer confirms stays the same object.
 */
export function corrected(known: readonly Candle[], fresh: readonly Candle[]): Candle[] {
  const byTime = new Map(known.map((candle) => [candle.time, candle]));
  const running = known.at(-1);
  for (const candle of fresh) {
    const grows = running && candle.time === running.time && !candle.complete;
    const next = grows ? widened(running, candle) : candle;
    const before = byTime.get(candle.time);
    if (!before || !isSame(before, next)) byTime.set(candle.time, next);
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

function opened(price: number, bucket: number): Candle {
  return {
    time: bucket,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: null,
    complete: false,
  };
}

function isSame(one: Candle, other: Candle): boolean {
  return (Object.keys(one) as (keyof Candle)[]).every((key) => one[key] === other[key]);
}

function widened(running: Candle, fresh: Candle): Candle {
  return {
    ...fresh,
    high: Math.max(running.high, fresh.high),
    low: Math.min(running.low, fresh.low),
    close: running.close,
  };
}
