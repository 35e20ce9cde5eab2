/** The words for what the API abbreviates. */

import type { AssetClass } from "../api/types";

export const CLASS_LABEL: Record<AssetClass, string> = {
  fx: "Currencies",
  crypto: "Crypto",
  stock: "Stocks",
};

/** What the change of the day is measured from. */
export const REFERENCE_LABEL: Record<AssetClass, string> = {
  fx: "since 17:00 New York",
  crypto: "since 00:00 UTC",
  stock: "since previous close",
};

const SOURCE_LABEL: Record<string, string> = {
  alphavantage: "Alpha Vantage",
  binance: "Binance",
  coingecko: "CoinGecko",
  fixer: "Fixer",
  oanda: "OANDA",
};

export function sourceLabel(source: string | null): string {
  return source === null ? "–" : (SOURCE_LABEL[source] ?? source);
}
