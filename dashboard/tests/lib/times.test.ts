import { describe, expect, it } from "vitest";
import { ageInWords, shortAge, utcDay, utcTime } from "../../src/lib/times";

const MINUTE_MS = 60_000;

describe("ages", () => {
  it.each([
    [400, "now", "just now"],
    [12_300, "12 s", "12 seconds ago"],
    [MINUTE_MS, "1 min", "1 minute ago"],
    [59 * MINUTE_MS, "59 min", "59 minutes ago"],
    [5 * 60 * MINUTE_MS, "5 h", "5 hours ago"],
    [49 * 60 * MINUTE_MS, "2 d", "2 days ago"],
  ])("of %i ms is %s, in words %s", (ms, short, words) => {
    expect(shortAge(ms)).toBe(short);
    expect(ageInWords(ms)).toBe(words);
  });
});

describe("UTC", () => {
  const ms = Date.UTC(2026, 10, 24, 4, 29, 5);

  it("is written to the second", () => {
    expect(utcTime(ms)).toBe("2026-11-24 04:29:05 UTC");
  });

  it("names the day of a candle whatever the local zone", () => {
    expect(utcDay(Date.UTC(2026, 10, 24))).toBe("Nov 24, 2026");
  });
});
