/**
 * The candles of one instrument at one interval: history from the API, the last one from the stream.
 *
 * `history` changes when a candle closes or was corrected, `running` with every price: a chart draws
 * the first as a whole and the second as one bar. Every price widens the running candle, and what
 * is shown of it moves with the price on the board. The stream is conflated and carries no volume, so the last
 * candles are fetched again now and then, and the server's word corrects ours.
 */

import { batch, computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { CandleRecord } from "../api/types";
import { bucketOf, candleOf, corrected, grown, type Candle, type Interval } from "../lib/candles";
import type { Board, Quote } from "./board";
import { Resource, type Fetched } from "./resource";

export const FIRST_CANDLES = 500;
const OLDER_CANDLES = 500;
const LAST_CANDLES = 3;
export const CORRECTION_INTERVAL_MS = 5000;

export interface CandleQuery {
  symbol: string;
  interval: Interval;
  limit: number;
  end?: string;
}

export interface SeriesParts {
  board: Board;
  fetchCandles(query: CandleQuery, signal: AbortSignal): Promise<CandleRecord[]>;
  setTimer(run: () => void, delayMs: number): number;
  clearTimer(timer: number): void;
}

export class CandleSeries {
  private readonly shownHistory = signal<readonly Candle[]>([]);
  private readonly shownRunning = signal<Candle | undefined>(undefined);
  private closed: readonly Candle[] = [];
  private last: Candle | undefined;
  private readonly resource: Resource<void>;
  private readonly stops: (() => void)[] = [];
  private timer: number | undefined;
  private stopped = false;
  private older: "more" | "loading" | "none" = "more";

  constructor(
    readonly symbol: string,
    readonly interval: Interval,
    private readonly parts: SeriesParts,
  ) {
    this.resource = new Resource(async (aborted) => {
      this.correct(await this.fetch({ limit: FIRST_CANDLES }, aborted));
    });
  }

  get fetched(): ReadonlySignal<Fetched<void>> {
    return this.resource.fetched;
  }

  /** All candles but the last. */
  get history(): ReadonlySignal<readonly Candle[]> {
    return this.shownHistory;
  }

  /** The last candle, which grows while its time lasts; undefined where there is none at all. */
  get running(): ReadonlySignal<Candle | undefined> {
    return this.shownRunning;
  }

  readonly isEmpty = computed(() => this.shownRunning.value === undefined);

  start(): void {
    const { board } = this.parts;
    const shown = board.quote(this.symbol);
    this.stops.push(
      board.listen(this.symbol, (quote) => this.grow(quote)),
      effect(() => {
        if (shown.value) this.publish();
      }),
    );
    this.timer = this.parts.setTimer(() => void this.correctLast(), CORRECTION_INTERVAL_MS);
    void this.load();
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
    this.resource.stop();
    if (this.timer !== undefined) this.parts.clearTimer(this.timer);
  }

  /** Fetches the newest candles again: after a failure, and after a break in the stream. */
  load(): Promise<void> {
    return this.resource.load();
  }

  /** Fetches what lies before the first candle, once at a time and until there is no more. */
  async loadOlder(): Promise<void> {
    const first = this.closed[0];
    if (!first || this.older !== "more") return;
    this.older = "loading";
    try {
      const end = new Date(first.time * 1000).toISOString();
      const fresh = await this.fetch({ limit: OLDER_CANDLES, end });
      this.older = fresh.length < OLDER_CANDLES ? "none" : "more";
      if (fresh.length > 0) this.correct(fresh);
    } catch {
      this.older = "more";
    }
  }

  private grow(quote: Quote): void {
    if (this.fetched.peek().status !== "ready" || quote.price === null) return;
    const next = grown(this.last, quote.price, bucketOf(quote.asOfMs, this.interval));
    if (!next) return;
    if (this.last && next.time > this.last.time) this.closed = [...this.closed, this.last];
    this.last = next;
  }

  private correct(fresh: readonly Candle[]): void {
    if (this.stopped) return;
    const next = corrected(this.last ? [...this.closed, this.last] : [], fresh);
    const closed = next.slice(0, -1);
    if (!sameItems(closed, this.closed)) this.closed = closed;
    this.last = next.at(-1);
    this.publish();
  }

  private publish(): void {
    batch(() => {
      this.shownHistory.value = this.closed;
      this.shownRunning.value = this.last;
    });
  }

  private async correctLast(): Promise<void> {
    try {
      if (this.fetched.peek().status === "ready") await this.fetchLast();
    } catch {
      // The next round corrects it; the stream says by itself when the server is gone.
    }
    if (!this.stopped) {
      this.timer = this.parts.setTimer(() => void this.correctLast(), CORRECTION_INTERVAL_MS);
    }
  }

  private async fetchLast(): Promise<void> {
    const fresh = await this.fetch({ limit: LAST_CANDLES });
    const isFilled = this.isFilledBy(fresh);
    this.correct(fresh);
    if (isFilled) await this.load();
  }

  /** Whether history was filled up behind us, as a first start does: then all of it is fetched anew. */
  private isFilledBy(fresh: readonly Candle[]): boolean {
    const lastTime = this.last?.time ?? Infinity;
    const known = new Set(this.closed.map(({ time }) => time));
    return fresh.some(({ time }) => time < lastTime && !known.has(time));
  }

  private async fetch(
    range: { limit: number; end?: string },
    aborted: AbortSignal = new AbortController().signal,
  ): Promise<Candle[]> {
    const query = { symbol: this.symbol, interval: this.interval, ...range };
    return (await this.parts.fetchCandles(query, aborted)).map(candleOf);
  }
}

function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
