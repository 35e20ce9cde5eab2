/** Prices for tests, and a clock that the test winds. */

import type { Price } from "../src/api/types";
import type { BoardClock } from "../src/store/board";

export const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);

export function priceOf(price: number | null, more: Partial<Price> = {}): Price {
  return {
    symbol: "EUR-USD",
    price,
    bid: null,
    ask: null,
    change: null,
    change_percent: null,
    as_of: new Date(START_MS).toISOString(),
    age_ms: 0,
    state: "live",
    source: "fixer",
    simulated: true,
    ...more,
  };
}

/** Frames run when the test says so, at the time that it says. */
export class Frames implements BoardClock {
  nowMs = START_MS;
  private frames: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }

  requestFrame(run: () => void): void {
    this.frames.push(run);
  }

  /** Lets `ms` pass and the frame that is due then run; how many ran. */
  frame(ms: number): number {
    this.nowMs += ms;
    const due = this.frames.splice(0);
    due.forEach((run) => run());
    return due.length;
  }
}

/** Timers that run when their time has come by the test's own clock. */
export class Timers {
  nowMs = START_MS;
  private readonly timers = new Map<number, { run: () => void; atMs: number }>();
  private last = 0;

  readonly set = (run: () => void, delayMs: number): number => {
    this.last += 1;
    this.timers.set(this.last, { run, atMs: this.nowMs + delayMs });
    return this.last;
  };

  readonly clear = (timer: number): void => {
    this.timers.delete(timer);
  };

  get size(): number {
    return this.timers.size;
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (let due = this.next(end); due; due = this.next(end)) {
      const [timer, { run, atMs }] = due;
      this.timers.delete(timer);
      this.nowMs = atMs;
      run();
    }
    this.nowMs = end;
  }

  private next(endMs: number) {
    const due = [...this.timers].filter(([, { atMs }]) => atMs <= endMs);
    return due.sort(([, a], [, b]) => a.atMs - b.atMs)[0];
  }
}
