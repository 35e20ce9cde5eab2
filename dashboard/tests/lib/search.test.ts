import { describe, expect, it } from "vitest";
import type { Instrument } from "../../src/api/types";
import { found } from "../../src/lib/search";

const named = (symbol: string, name: string, quote = "USD"): Instrument => ({
  symbol,
  name,
  asset_class: "crypto",
  base: symbol.split("-")[0] ?? symbol,
  quote,
  decimals: 2,
});

const INSTRUMENTS = [
  named("EUR-USD", "Euro / US Dollar"),
  named("BTC-USDT", "Bitcoin / Tether", "USDT"),
  named("BTC-USD", "Bitcoin / US Dollar"),
  named("V", "Visa"),
  named("KO", "Coca-Cola"),
];

const symbols = (text: string): string[] => found(INSTRUMENTS, text, 8).map(({ symbol }) => symbol);

describe("found", () => {
  it("puts an exact symbol before a longer one", () => {
    expect(symbols("btc-usd")).toEqual(["BTC-USD", "BTC-USDT"]);
    expect(symbols("v")).toEqual(["V"]);
  });

  it("needs no hyphen and no capitals", () => {
    expect(symbols("btcusdt")).toEqual(["BTC-USDT"]);
    expect(symbols("BTC/USDT")).toEqual(["BTC-USDT"]);
  });

  it("finds by a word of the name", () => {
    expect(symbols("dollar")).toEqual(["EUR-USD", "BTC-USD"]);
    expect(symbols("cola")).toEqual(["KO"]);
  });

  it("offers the first ones before anything was typed, and none where nothing fits", () => {
    expect(found(INSTRUMENTS, "", 2)).toEqual(INSTRUMENTS.slice(0, 2));
    expect(symbols("zzz")).toEqual([]);
  });
});
