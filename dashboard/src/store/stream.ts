/**
 * The one stream of prices that the page holds, and what became of it.
 *
 * The browser's own reconnection is silent and says no time, so each broken source is closed and a
 * new one opened after a back-off that can be seen. A source that is open but silent beyond several
 * heartbeats is stale first, then given up.
 */

import { signal, type ReadonlySignal } from "@preact/signals";
import type { Price } from "../api/types";

export const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15_000];
/** Silence that makes an open stream doubtful, and silence after which it is replaced. */
export const STALE_AFTER_MS = 20_000;
export const GIVE_UP_AFTER_MS = 40_000;
const WATCH_INTERVAL_MS = 1000;
/** A back-off is lengthened by up to this share, so that a thousand pages do not return at once. */
const JITTER = 0.2;

export type Connection =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "stale"; sinceMs: number }
  | { phase: "waiting"; untilMs: number };

/** What the stream needs of a source; a SharedWorker's port can stand in for an EventSource. */
export interface Source {
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

export interface StreamParts {
  open(): Source;
  now(): number;
  random(): number;
  setTimer(run: () => void, delayMs: number): number;
  clearTimer(timer: number): void;
  onPrices(prices: readonly Price[]): void;
  /** Each time that the stream is open again: what was missed can be fetched now. */
  onConnected(): void;
}

export class PriceStream {
  private readonly state = signal<Connection>({ phase: "connecting" });
  private source: Source | undefined;
  private timer: number | undefined;
  private failures = 0;
  private lastMessageMs = 0;

  constructor(private readonly parts: StreamParts) {}

  get connection(): ReadonlySignal<Connection> {
    return this.state;
  }

  /** Opens a new source now, whatever the state; the way to start, and to retry by hand. */
  connect(): void {
    this.close();
    this.state.value = { phase: "connecting" };
    this.lastMessageMs = this.parts.now();
    const source = this.parts.open();
    this.source = source;
    const ifCurrent = (run: (data: unknown) => void) => (event: { data?: unknown }) => {
      if (this.source === source) run(event.data);
    };
    source.addEventListener("open", ifCurrent(() => this.opened()));
    source.addEventListener("snapshot", ifCurrent((data) => this.prices(data)));
    source.addEventListener("price_update", ifCurrent((data) => this.prices(data)));
    source.addEventListener("heartbeat", ifCurrent(() => this.heard()));
    source.addEventListener("reset", ifCurrent(() => this.parts.onConnected()));
    source.addEventListener("error", ifCurrent(() => this.failed()));
    this.watch();
  }

  /** Reconnects unless the stream is well: for when the page wakes or the network returns. */
  wake(): void {
    if (this.state.value.phase !== "live") this.connect();
  }

  close(): void {
    if (this.timer !== undefined) this.parts.clearTimer(this.timer);
    this.timer = undefined;
    this.source?.close();
    this.source = undefined;
  }

  private opened(): void {
    this.failures = 0;
    this.heard();
    this.parts.onConnected();
  }

  private prices(data: unknown): void {
    this.heard();
    this.parts.onPrices(parsed(data));
  }

  private heard(): void {
    this.lastMessageMs = this.parts.now();
    if (this.state.peek().phase !== "live") this.state.value = { phase: "live" };
  }

  private failed(): void {
    this.close();
    const step = BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)] as number;
    const delayMs = step * (1 + JITTER * this.parts.random());
    this.failures += 1;
    this.state.value = { phase: "waiting", untilMs: this.parts.now() + delayMs };
    this.timer = this.parts.setTimer(() => this.connect(), delayMs);
  }

  private watch(): void {
    this.timer = this.parts.setTimer(() => {
      const silentMs = this.parts.now() - this.lastMessageMs;
      if (silentMs >= GIVE_UP_AFTER_MS) return this.failed();
      if (silentMs >= STALE_AFTER_MS && this.state.peek().phase === "live") {
        this.state.value = { phase: "stale", sinceMs: this.lastMessageMs };
      }
      return this.watch();
    }, WATCH_INTERVAL_MS);
  }
}

function parsed(data: unknown): readonly Price[] {
  const prices = JSON.parse(String(data)) as Price | Price[];
  return Array.isArray(prices) ? prices : [prices];
}
