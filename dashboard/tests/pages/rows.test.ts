import { describe, expect, it } from "vitest";
import type { AssetClass, Instrument, Price } from "../../src/api/types";
import { arranged, nextSort, type Item, type View } from "../../src/pages/markets/rows";
import type { Quote } from "../../src/store/board";
import { priceOf, START_MS } from "../prices";

const instrument = (symbol: string, asset_class: AssetClass): Instrument => ({
  symbol,
  name: symbol,
  asset_class,
  base: symbol,
  quote: "USD",
  decimals: 2,
});

const INSTRUMENTS = [
  instrument("EUR-USD", "fx"),
  instrument("BTC-USD", "crypto"),
  instrument("ADA-USD", "crypto"),
  instrument("ETH-USD", "crypto"),
  instrument("KO", "stock"),
];

const quote = (more: Partial<Price>): Quote => ({
  ...priceOf(100, more),
  asOfMs: START_MS,
  receivedMs: START_MS,
});

const QUOTES: Record<string, Quote> = {
  "BTC-USD": quote({ change_percent: -2, bid: 99, ask: 101 }),
  "ETH-USD": quote({ change_percent: 3, bid: 99.5, ask: 100.5 }),
};

const ALL: View = { filter: "all", sort: null, favourites: [] };

const labels = (items: Item[]): string[] =>
  items.map((item) => (item.kind === "group" ? `${item.label} ${item.count}` : item.key));

const shown = (view: Partial<View>): string[] =>
  labels(arranged(INSTRUMENTS, (symbol) => QUOTES[symbol], { ...ALL, ...view }));

describe("arranged", () => {
  it("groups by class in the catalogue's order", () => {
    expect(shown({})).toEqual([
      "Currencies 1",
      "EUR-USD",
      "Crypto 3",
      "BTC-USD",
      "ADA-USD",
      "ETH-USD",
      "Stocks 1",
      "KO",
    ]);
  });

  it("puts the pinned first, and only there", () => {
    expect(shown({ favourites: ["KO"] }).slice(0, 3)).toEqual(["Pinned 1", "KO", "Currencies 1"]);
    expect(shown({ favourites: ["KO"] })).not.toContain("Stocks 1");
  });

  it("filters by class and by being pinned", () => {
    expect(shown({ filter: "stock" })).toEqual(["Stocks 1", "KO"]);
    expect(shown({ filter: "pinned", favourites: ["ADA-USD"] })).toEqual(["Pinned 1", "ADA-USD"]);
    expect(shown({ filter: "pinned" })).toEqual([]);
  });

  it("sorts within a group, what has no value last whichever way", () => {
    const crypto = (descending: boolean): string[] =>
      shown({ filter: "crypto", sort: { key: "change_percent", descending } }).slice(1);
    expect(crypto(true)).toEqual(["ETH-USD", "BTC-USD", "ADA-USD"]);
    expect(crypto(false)).toEqual(["BTC-USD", "ETH-USD", "ADA-USD"]);
  });

  it("sorts by symbol, and by the spread's share of the price", () => {
    expect(shown({ filter: "crypto", sort: { key: "symbol", descending: false } }).slice(1)).toEqual([
      "ADA-USD",
      "BTC-USD",
      "ETH-USD",
    ]);
    expect(shown({ filter: "crypto", sort: { key: "spread", descending: false } })[1]).toBe("ETH-USD");
  });
});

describe("nextSort", () => {
  it("goes round: numbers fall first, names rise first, then the catalogue's order", () => {
    const falling = nextSort(null, "price");
    const rising = nextSort(falling, "price");
    expect([falling, rising, nextSort(rising, "price")]).toEqual([
      { key: "price", descending: true },
      { key: "price", descending: false },
      null,
    ]);
    expect(nextSort(falling, "symbol")).toEqual({ key: "symbol", descending: false });
  });
});
