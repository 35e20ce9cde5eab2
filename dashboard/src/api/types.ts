/** The shapes that the API answers with. */

export type AssetClass = "fx" | "crypto" | "stock";
export type FeedClass = "live" | "recorded" | "simulated";
export type MarketState = "live" | "stale" | "closed";

export interface Instrument {
  symbol: string;
  name: string;
  asset_class: AssetClass;
  base: string;
  quote: string;
  decimals: number;
}

/**
 * The latest of one instrument. `change` is against the day's reference of its asset class.
 *
 * All but `symbol`, `state` and `simulated` are null where there is no price yet.
 */
export interface Price {
  symbol: string;
  price: number | null;
  bid: number | null;
  ask: number | null;
  change: number | null;
  change_percent: number | null;
  as_of: string | null;
  age_ms: number | null;
  state: MarketState;
  source: string | null;
  simulated: boolean;
}

export interface CandleRecord {
  time: string;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  ticks: number;
  complete: boolean;
}

export interface Meta {
  timestamp: string;
  feed?: FeedClass;
  pagination?: { next_cursor?: string | null };
}
