/** The market as the page knows it: one stream, one board, the list of instruments, the series. */

import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { get } from "../api/client";
import type { CandleRecord, FeedClass, Instrument, Price } from "../api/types";
import type { Interval } from "../lib/candles";
import { Board } from "./board";
import { secondHand } from "./clock";
import { Resource, type Fetched } from "./resource";
import { CandleSeries } from "./series";
import { PriceStream, type Connection, type Source } from "./stream";

const ALL_INSTRUMENTS = 500;
const PING_INTERVAL_MS = 10_000;

export class Market {
  readonly now: ReadonlySignal<number>;
  readonly board: Board;
  /** Round trip of a small request, in milliseconds; null while unknown. */
  readonly roundTripMs = signal<number | null>(null);
  /** How often the stream was opened; grows when what was missed can be fetched. */
  readonly connects = signal(0);
  private readonly simulated = signal(false);
  private readonly feedClass = signal<FeedClass | null>(null);
  private readonly stream: PriceStream;
  private readonly list = new Resource(fetchInstruments);

  constructor(private readonly page: Document) {
    this.now = secondHand(page);
    this.board = new Board({
      now: () => performance.now() + performance.timeOrigin,
      requestFrame: (run) => void requestAnimationFrame(run),
    });
    this.stream = new PriceStream({
      open: () => new EventSource("/api/stream/prices") as Source,
      now: () => Date.now(),
      random: Math.random,
      setTimer: (run, delayMs) => window.setTimeout(run, delayMs),
      clearTimer: (timer) => window.clearTimeout(timer),
      onPrices: (prices) => this.receive(prices),
      onConnected: () => this.connected(),
    });
  }

  get connection(): ReadonlySignal<Connection> {
    return this.stream.connection;
  }

  get instruments(): ReadonlySignal<Fetched<Instrument[]>> {
    return this.list.fetched;
  }

  /** What kind of feed this is; simulated as soon as any price says so. */
  readonly feed = computed<FeedClass | null>(() =>
    this.simulated.value ? "simulated" : this.feedClass.value,
  );

  start(): void {
    this.stream.connect();
    void this.list.load();
    void this.fetchPrices();
    window.setInterval(() => void this.ping(), PING_INTERVAL_MS);
    window.addEventListener("online", () => this.stream.wake());
    this.page.addEventListener("visibilitychange", () => {
      if (!this.page.hidden) this.stream.wake();
    });
  }

  /** Tries everything that failed again, now. */
  retry(): void {
    this.stream.wake();
    void this.list.load();
  }

  series(symbol: string, interval: Interval): CandleSeries {
    return new CandleSeries(symbol, interval, {
      board: this.board,
      fetchCandles: async (query, aborted) =>
        (await get<CandleRecord[]>("/api/market/candles", { ...query }, aborted)).data,
      setTimer: (run, delayMs) => window.setTimeout(run, delayMs),
      clearTimer: (timer) => window.clearTimeout(timer),
    });
  }

  private receive(prices: readonly Price[]): void {
    if (prices.some((price) => price.simulated)) this.simulated.value = true;
    this.board.receive(prices);
  }

  private connected(): void {
    this.connects.value += 1;
    if (this.list.fetched.peek().status !== "ready") void this.list.load();
    if (this.connects.peek() > 1) void this.fetchPrices();
    void this.ping();
  }

  /** Adds to the stream's snapshot those that have no price, and the feed class; and stands in for it. */
  private async fetchPrices(): Promise<void> {
    try {
      const { data, meta } = await get<Price[]>("/api/market/prices");
      this.feedClass.value = meta.feed ?? null;
      this.receive(data);
    } catch {
      // The stream's own snapshot stands.
    }
  }

  private async ping(): Promise<void> {
    if (this.page.hidden) return;
    try {
      this.roundTripMs.value = await roundTrip("/health");
    } catch {
      this.roundTripMs.value = null;
    }
  }
}

/** From the request to the answer's first byte, as the browser timed it: a busy page adds nothing. */
function roundTrip(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const address = new URL(url, location.href).href;
    const observer = new PerformanceObserver((list) => {
      const timing = list.getEntriesByName(address)[0] as PerformanceResourceTiming | undefined;
      if (!timing) return;
      observer.disconnect();
      resolve(timing.responseStart - timing.requestStart);
    });
    observer.observe({ type: "resource" });
    fetch(url, { cache: "no-store" }).then(
      (response) => response.arrayBuffer(),
      (error: unknown) => {
        observer.disconnect();
        reject(error);
      },
    );
  });
}

async function fetchInstruments(aborted: AbortSignal): Promise<Instrument[]> {
  const query = { limit: ALL_INSTRUMENTS };
  return (await get<Instrument[]>("/api/market/instruments", query, aborted)).data;
}
