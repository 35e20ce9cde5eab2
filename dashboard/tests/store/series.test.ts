import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/api/client";
import type { CandleRecord } from "../../src/api/types";
import { Board, REPAINT_INTERVAL_MS } from "../../src/store/board";
import {
  CandleSeries,
  CORRECTION_INTERVAL_MS,
  FIRST_CANDLES,
  type CandleQuery,
} from "../../src/store/series";
import { Frames, priceOf, START_MS, Timers } from "../prices";

const MINUTE_MS = 60_000;

/** A candle of the minute `minutes` after the start. */
function record(minutes: number, more: Partial<CandleRecord> = {}): CandleRecord {
  return {
    time: new Date(START_MS + minutes * MINUTE_MS).toISOString(),
    open: 10,
    high: 11,
    low: 9,
    close: 10,
    volume: 5,
    ticks: 7,
    complete: minutes < 0,
    ...more,
  };
}

function setUp(answer: (query: CandleQuery) => CandleRecord[] | Error) {
  const frames = new Frames();
  const timers = new Timers();
  const board = new Board(frames);
  const queries: CandleQuery[] = [];
  const series = new CandleSeries("EUR-USD", "1m", {
    board,
    fetchCandles: async (query) => {
      queries.push(query);
      const answered = answer(query);
      if (answered instanceof Error) throw answered;
      return answered;
    },
    setTimer: timers.set,
    clearTimer: timers.clear,
  });
  const tick = (price: number, afterMs: number): void => {
    board.receive([priceOf(price, { as_of: new Date(START_MS + afterMs).toISOString() })]);
    frames.frame(REPAINT_INTERVAL_MS);
  };
  return { series, queries, tick, timers, board, frames };
}

/** Lets the promises of a fetch settle. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("CandleSeries", () => {
  it("fetches its history and lets prices grow the last candle", async () => {
    const { series, queries, tick } = setUp(() => [record(-1), record(0)]);
    series.start();
    expect(series.fetched.value.status).toBe("loading");
    await settled();
    expect(queries).toEqual([{ symbol: "EUR-USD", interval: "1m", limit: FIRST_CANDLES }]);
    expect(series.history.value).toHaveLength(1);
    tick(12, 1000);
    expect(series.running.value).toMatchObject({ high: 12, low: 9, close: 12, volume: 5 });
  });

  it("keeps the extremes of prices that came between two repaints", async () => {
    const { series, board, frames } = setUp(() => [record(0)]);
    series.start();
    await settled();
    const at = { as_of: new Date(START_MS + 1000).toISOString() };
    board.receive([priceOf(15, at), priceOf(5, at), priceOf(10.5, at)]);
    frames.frame(REPAINT_INTERVAL_MS);
    expect(series.running.value).toMatchObject({ high: 15, low: 5, close: 10.5 });
  });

  it("moves the candle that closed into the history", async () => {
    const { series, tick } = setUp(() => [record(-1), record(0)]);
    series.start();
    await settled();
    tick(12, MINUTE_MS + 1);
    expect(series.history.value).toHaveLength(2);
    expect(series.running.value).toMatchObject({ open: 12, close: 12, volume: null });
  });

  it("corrects its last candles by the server's now and then", async () => {
    const answers = [[record(-1), record(0)], [record(-1, { close: 9.5 }), record(0, { volume: 8 })]];
    const { series, timers } = setUp(() => answers.shift() ?? []);
    series.start();
    await settled();
    timers.pass(CORRECTION_INTERVAL_MS);
    await settled();
    expect(series.history.value[0]?.close).toBe(9.5);
    expect(series.running.value?.volume).toBe(8);
  });

  it("leaves the history as it is when the server confirms it", async () => {
    const { series, timers } = setUp(() => [record(-1), record(0)]);
    series.start();
    await settled();
    const history = series.history.value;
    timers.pass(CORRECTION_INTERVAL_MS);
    await settled();
    expect(series.history.value).toBe(history);
  });

  it("fetches everything again when history was filled up behind it", async () => {
    const answers = [[record(0)], [record(-1), record(0)], [record(-3), record(-2), record(-1), record(0)]];
    const { series, queries, timers } = setUp(() => answers.shift() ?? []);
    series.start();
    await settled();
    timers.pass(CORRECTION_INTERVAL_MS);
    await settled();
    expect(queries.map(({ limit }) => limit)).toEqual([FIRST_CANDLES, 3, FIRST_CANDLES]);
    expect(series.history.value).toHaveLength(3);
  });

  it("tells a failure, and is tried again", async () => {
    const answers = [new ApiError(503, "unavailable", "The database does not answer."), [record(0)]];
    const { series } = setUp(() => answers.shift() ?? []);
    series.start();
    await settled();
    expect(series.fetched.value).toMatchObject({ status: "failed", message: "The database does not answer." });
    await series.load();
    expect(series.fetched.value.status).toBe("ready");
  });

  it("is empty until the first price opens a candle", async () => {
    const { series, tick } = setUp(() => []);
    series.start();
    await settled();
    expect(series.isEmpty.value).toBe(true);
    tick(12, 1);
    expect(series.isEmpty.value).toBe(false);
  });

  it("fetches what lies before it until there is no more", async () => {
    const { series, queries } = setUp(({ end }) => (end ? [record(-2)] : [record(-1), record(0)]));
    series.start();
    await settled();
    await series.loadOlder();
    await series.loadOlder();
    expect(queries.map(({ end }) => end)).toEqual([undefined, record(-1).time]);
    expect(series.history.value.map(({ time }) => time * 1000 - START_MS)).toEqual([
      -2 * MINUTE_MS,
      -MINUTE_MS,
    ]);
  });

  it("leaves no timer and hears no price once it is stopped", async () => {
    const { series, tick, timers } = setUp(() => [record(0)]);
    series.start();
    await settled();
    series.stop();
    tick(12, 1000);
    expect(timers.size).toBe(0);
    expect(series.running.value?.close).toBe(10);
  });
});
