/**
 * The board: the newest price of every instrument, one signal each.
 *
 * Prices arrive as fast as they like; what is shown moves on animation frames, all signals of a
 * frame in one batch, and each instrument's at most ten times a second. In between only the newest
 * is kept, so nothing queues up, however long the page sleeps.
 */

import { batch, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Price } from "../api/types";

/** A cell repaints at most ten times a second. */
export const REPAINT_INTERVAL_MS = 100;

export interface Quote extends Price {
  /** `as_of` in milliseconds since the epoch; 0 where there is no price yet. */
  asOfMs: number;
  /** When it came, by the local clock. */
  receivedMs: number;
}

export type QuoteSignal = ReadonlySignal<Quote | undefined>;
export type Listener = (quote: Quote) => void;

interface Cell {
  shown: Signal<Quote | undefined>;
  newest: Quote | undefined;
  repaintedMs: number;
}

export interface BoardClock {
  now(): number;
  requestFrame(run: () => void): void;
}

export class Board {
  private readonly cells = new Map<string, Cell>();
  private readonly waiting = new Set<Cell>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private frameRequested = false;

  constructor(private readonly clock: BoardClock) {}

  /** What is shown of `symbol`; undefined until its first price. */
  quote(symbol: string): QuoteSignal {
    return this.cell(symbol).shown;
  }

  /** Takes prices in; one that is older than what is known is dropped. */
  receive(prices: readonly Price[]): void {
    const receivedMs = this.clock.now();
    for (const price of prices) this.take(price, receivedMs);
    this.requestFrame();
  }

  /** Calls `listener` with every price of `symbol` as it comes; returns the way out. */
  listen(symbol: string, listener: Listener): () => void {
    const listeners = this.listeners.get(symbol) ?? new Set();
    this.listeners.set(symbol, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private take(price: Price, receivedMs: number): void {
    const asOfMs = price.as_of === null ? 0 : Date.parse(price.as_of);
    const cell = this.cell(price.symbol);
    if (cell.newest && asOfMs < cell.newest.asOfMs) return;
    const quote = { ...price, asOfMs, receivedMs };
    cell.newest = quote;
    this.waiting.add(cell);
    this.listeners.get(price.symbol)?.forEach((listener) => listener(quote));
  }

  private cell(symbol: string): Cell {
    let cell = this.cells.get(symbol);
    if (!cell) {
      cell = { shown: signal(undefined), newest: undefined, repaintedMs: -Infinity };
      this.cells.set(symbol, cell);
    }
    return cell;
  }

  private requestFrame(): void {
    if (this.frameRequested || this.waiting.size === 0) return;
    this.frameRequested = true;
    this.clock.requestFrame(() => {
      this.frameRequested = false;
      batch(() => this.repaint(this.clock.now()));
      this.requestFrame();
    });
  }

  private repaint(nowMs: number): void {
    for (const cell of this.waiting) {
      if (nowMs - cell.repaintedMs < REPAINT_INTERVAL_MS) continue;
      cell.repaintedMs = nowMs;
      cell.shown.value = cell.newest;
      this.waiting.delete(cell);
    }
  }
}

/** How old a quote is. The server told its age, so the two clocks need not agree. */
export function ageOf(quote: Quote, nowMs: number): number {
  return (quote.age_ms ?? 0) + Math.max(0, nowMs - quote.receivedMs);
}
