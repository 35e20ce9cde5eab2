import { describe, expect, it } from "vitest";
import type { Price } from "../../src/api/types";
import {
  BACK_OFF_MS,
  GIVE_UP_AFTER_MS,
  PriceStream,
  STALE_AFTER_MS,
  type Source,
} from "../../src/store/stream";
import { priceOf, Timers } from "../prices";

/** A source whose events the test sends. */
class FakeSource implements Source {
  isClosed = false;
  private readonly listeners = new Map<string, (event: { data?: unknown }) => void>();

  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  send(type: string, data?: unknown): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data) });
  }
}

function setUp() {
  const timers = new Timers();
  const sources: FakeSource[] = [];
  const prices: Price[] = [];
  const counts = { connected: 0 };
  const stream = new PriceStream({
    open: () => {
      sources.push(new FakeSource());
      return sources.at(-1) as FakeSource;
    },
    now: () => timers.nowMs,
    random: () => 0,
    setTimer: timers.set,
    clearTimer: timers.clear,
    onPrices: (some) => prices.push(...some),
    onConnected: () => (counts.connected += 1),
  });
  stream.connect();
  const source = (): FakeSource => sources.at(-1) as FakeSource;
  return { stream, timers, sources, source, prices, counts };
}

describe("PriceStream", () => {
  it("hands on the snapshot's list and an update's one price", () => {
    const { source, prices, stream } = setUp();
    source().send("open");
    source().send("snapshot", [priceOf(1.1), priceOf(2, { symbol: "KO" })]);
    source().send("price_update", priceOf(1.2));
    expect(prices.map(({ price }) => price)).toEqual([1.1, 2, 1.2]);
    expect(stream.connection.value).toEqual({ phase: "live" });
  });

  it("backs off longer with each failure, and says until when", () => {
    const { stream, timers, sources, source } = setUp();
    for (const delayMs of [...BACK_OFF_MS, BACK_OFF_MS.at(-1) as number]) {
      const opened = sources.length;
      source().send("error");
      expect(source().isClosed).toBe(true);
      expect(stream.connection.value).toEqual({ phase: "waiting", untilMs: timers.nowMs + delayMs });
      timers.pass(delayMs - 1);
      expect(sources.length).toBe(opened);
      timers.pass(1);
      expect(sources.length).toBe(opened + 1);
    }
  });

  it("forgets its failures once it is open, and says that it is back each time", () => {
    const { stream, timers, source, counts } = setUp();
    source().send("open");
    source().send("error");
    timers.pass(BACK_OFF_MS[0] as number);
    source().send("open");
    expect(counts.connected).toBe(2);
    source().send("error");
    expect(stream.connection.value).toMatchObject({ untilMs: timers.nowMs + (BACK_OFF_MS[0] as number) });
  });

  it("is stale when nothing comes, and well again with a heartbeat", () => {
    const { stream, timers, source } = setUp();
    source().send("open");
    const sinceMs = timers.nowMs;
    timers.pass(STALE_AFTER_MS);
    expect(stream.connection.value).toEqual({ phase: "stale", sinceMs });
    source().send("heartbeat");
    expect(stream.connection.value).toEqual({ phase: "live" });
  });

  it("gives a silent source up", () => {
    const { stream, timers, sources, source } = setUp();
    source().send("open");
    timers.pass(GIVE_UP_AFTER_MS);
    expect(sources[0]?.isClosed).toBe(true);
    expect(stream.connection.value.phase).toBe("waiting");
  });

  it("gives a source up that never opens", () => {
    const { stream, timers } = setUp();
    timers.pass(GIVE_UP_AFTER_MS);
    expect(stream.connection.value.phase).toBe("waiting");
  });

  it("connects at once when it is woken while it waits, and not when it is well", () => {
    const { stream, sources, source } = setUp();
    source().send("open");
    stream.wake();
    expect(sources.length).toBe(1);
    source().send("error");
    stream.wake();
    expect(sources.length).toBe(2);
  });

  it("hears nothing more of a source that it closed", () => {
    const { stream, sources, prices, timers } = setUp();
    sources[0]?.send("open");
    stream.connect();
    sources[0]?.send("price_update", priceOf(9));
    sources[0]?.send("error");
    expect(prices).toEqual([]);
    expect(stream.connection.value).toEqual({ phase: "connecting" });
    stream.close();
    expect(timers.size).toBe(0);
  });
});
