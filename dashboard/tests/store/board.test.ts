import { effect } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { ageOf, Board, REPAINT_INTERVAL_MS, type Quote } from "../../src/store/board";
import { Frames, priceOf, START_MS } from "../prices";

const at = (ms: number) => ({ as_of: new Date(START_MS + ms).toISOString() });

function watched(board: Board, symbol = "EUR-USD"): (number | null | undefined)[] {
  const seen: (number | null | undefined)[] = [];
  effect(() => void seen.push(board.quote(symbol).value?.price));
  return seen;
}

describe("Board", () => {
  it("shows what came in the frame after it", () => {
    const frames = new Frames();
    const board = new Board(frames);
    const seen = watched(board);
    board.receive([priceOf(1.1)]);
    expect(seen).toEqual([undefined]);
    frames.frame(16);
    expect(seen).toEqual([undefined, 1.1]);
  });

  it("repaints an instrument at most ten times a second, and always with its newest price", () => {
    const frames = new Frames();
    const board = new Board(frames);
    const seen = watched(board);
    for (let ms = 0; ms < 1000; ms += 10) {
      board.receive([priceOf(1 + ms / 1e4, at(ms))]);
      frames.frame(10);
    }
    frames.frame(REPAINT_INTERVAL_MS);
    expect(seen.length - 1).toBeLessThanOrEqual(11);
    expect(seen.at(-1)).toBe(1.099);
  });

  it("asks for no frame when nothing waits", () => {
    const frames = new Frames();
    const board = new Board(frames);
    board.receive([priceOf(1.1)]);
    expect(frames.frame(16)).toBe(1);
    expect(frames.frame(16)).toBe(0);
  });

  it("never goes back in time, but takes another state of the same price", () => {
    const frames = new Frames();
    const board = new Board(frames);
    board.receive([priceOf(1.2, at(50)), priceOf(1.1, at(0))]);
    frames.frame(16);
    expect(board.quote("EUR-USD").value?.price).toBe(1.2);
    board.receive([priceOf(1.2, { ...at(50), state: "stale" })]);
    frames.frame(REPAINT_INTERVAL_MS);
    expect(board.quote("EUR-USD").value?.state).toBe("stale");
  });

  it("repaints only the instrument that moved", () => {
    const frames = new Frames();
    const board = new Board(frames);
    const euro = watched(board, "EUR-USD");
    const coin = watched(board, "BTC-USD");
    board.receive([priceOf(1.1)]);
    frames.frame(16);
    expect([euro.length, coin.length]).toEqual([2, 1]);
  });

  it("tells a listener every price, until it leaves", () => {
    const board = new Board(new Frames());
    const heard: (number | null)[] = [];
    const leave = board.listen("EUR-USD", (quote) => heard.push(quote.price));
    board.receive([priceOf(1.1, at(0)), priceOf(1.3, at(1)), priceOf(1.2, at(2))]);
    leave();
    board.receive([priceOf(1.4, at(3))]);
    expect(heard).toEqual([1.1, 1.3, 1.2]);
  });

  it("takes an instrument without a price", () => {
    const frames = new Frames();
    const board = new Board(frames);
    board.receive([priceOf(null, { as_of: null, age_ms: null, state: "stale" })]);
    frames.frame(16);
    expect(board.quote("EUR-USD").value).toMatchObject({ price: null, asOfMs: 0 });
  });
});

describe("ageOf", () => {
  it("is the server's age and the time since, whatever the two clocks say", () => {
    const quote = { ...priceOf(1), age_ms: 4000, asOfMs: 0, receivedMs: START_MS } satisfies Quote;
    expect(ageOf(quote, START_MS + 2500)).toBe(6500);
  });
});
