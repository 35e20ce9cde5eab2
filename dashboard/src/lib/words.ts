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

export const PASSWORD_HINT = "At least 12 characters. A few words that do not belong together are good.";

/** What an API key may be allowed. What is of accounts alone is no key's. */
const SCOPE_LABEL: Record<string, string> = {
  "market:read": "Read prices, candles and queries",
  "portfolio:read": "Read portfolios",
  "portfolio:write": "Change portfolios",
  "wallet:read": "Read balances",
  "wallet:write": "Move money",
  "alerts:read": "Read alerts",
  "alerts:write": "Change alerts",
};

export const KEY_SCOPES = Object.keys(SCOPE_LABEL);

export function scopeLabel(scope: string): string {
  return SCOPE_LABEL[scope] ?? scope;
}

/** A code as apps show it, with or without a space in its middle. */
export const CODE_PATTERN = "\\s*[0-9]{3}\\s*[0-9]{3}\\s*";
