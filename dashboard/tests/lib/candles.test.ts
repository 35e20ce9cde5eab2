import { describe, expect, it } from "vitest";
import { bucketOf, candleOf, corrected, grown, isInterval, type Candle } from "../../src/lib/candles";

const candle = (time: number, close = 10, more: Partial<Candle> = {}): Candle => ({
  time,
  open: 10,
  high: 11,
  low: 9,
  close,
  volume: 5,
  complete: true,
  ...more,
});

describe("bucketOf", () => {
  it("aligns to UTC", () => {
    const ms = Date.UTC(2026, 10, 24, 14, 37, 42, 999);
    expect(bucketOf(ms, "1m")).toBe(Date.UTC(2026, 10, 24, 14, 37) / 1000);
    expect(bucketOf(ms, "15m")).toBe(Date.UTC(2026, 10, 24, 14, 30) / 1000);
    expect(bucketOf(ms, "1d")).toBe(Date.UTC(2026, 10, 24) / 1000);
  });
});

describe("candleOf", () => {
  it("takes the start in seconds", () => {
    const record = { ...candle(0), time: "2026-11-24T04:29:00Z", ticks: 3 };
    expect(candleOf(record)).toEqual(candle(Date.UTC(2026, 10, 24, 4, 29) / 1000));
  });
});

describe("grown", () => {
  it("widens the candle of its time", () => {
    expect(grown(candle(60), 12, 60)).toEqual(candle(60, 12, { high: 12, complete: false }));
    expect(grown(candle(60), 8, 60)).toEqual(candle(60, 8, { low: 8, complete: false }));
  });

  it("opens the next candle at its first price, without a volume", () => {
    const opened = { time: 120, open: 12, high: 12, low: 12, close: 12, volume: null, complete: false };
    expect(grown(candle(60), 12, 120)).toEqual(opened);
    expect(grown(undefined, 12, 120)).toEqual(opened);
  });

  it("leaves a price of an earlier candle to the server", () => {
    expect(grown(candle(120), 12, 60)).toBeNull();
  });
});

describe("corrected", () => {
  it("believes the server about every candle but the running one", () => {
    const known = [candle(0), candle(60), candle(120, 12, { high: 12, complete: false })];
    const fresh = [candle(60, 10.5), candle(120, 11, { high: 11.5, low: 7, volume: 9, complete: false })];
    expect(corrected(known, fresh)).toEqual([
      candle(0),
      candle(60, 10.5),
      candle(120, 12, { high: 12, low: 7, volume: 9, complete: false }),
    ]);
  });

  it("believes the server about the last candle once that is complete", () => {
    const known = [candle(60, 12, { complete: false })];
    expect(corrected(known, [candle(60, 11)])).toEqual([candle(60, 11)]);
  });

  it("puts older and newer candles in their order", () => {
    const next = corrected([candle(120)], [candle(60), candle(180)]);
    expect(next.map(({ time }) => time)).toEqual([60, 120, 180]);
  });

  it("keeps the very candle that the answer confirms", () => {
    const known = [candle(0), candle(60)];
    expect(corrected(known, [candle(0)])[0]).toBe(known[0]);
  });
});

describe("isInterval", () => {
  it("knows the intervals that can be chosen", () => {
    expect(isInterval("15m")).toBe(true);
    expect(isInterval("2m")).toBe(false);
  });
});
