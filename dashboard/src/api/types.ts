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

export type JsonObject = Record<string, unknown>;

/** What the API says of a refusal beside its code: of a 422, which fields and why. */
export interface ErrorDetails {
  fields?: readonly { field: string; message: string }[];
  [fact: string]: unknown;
}

/** The person who is signed in. */
export interface Account {
  id: string;
  email: string;
  name: string;
  role: "user" | "support" | "admin";
  phone: string | null;
  permissions: string[];
  two_factor_enabled: boolean;
  created_at: string;
}

export type Factor = "totp" | "backup_code" | "passkey";

/** A right password's answer where that does not do. */
export interface SecondFactorNeeded {
  two_factor_required: true;
  methods: Factor[];
  pre_2fa_token: string;
}

/** One device that is signed in. */
export interface SessionRecord {
  id: string;
  current: boolean;
  user_agent: string | null;
  ip_address: string | null;
  second_factor: boolean;
  created_at: string;
  last_used_at: string;
  expires_at: string;
}

export interface PasskeyRecord {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
}

export interface ApiKeyRecord {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** A second factor that is being set up. */
export interface Enrolment {
  secret: string;
  uri: string;
  qr_svg: string;
}

/** What the server asks of a passkey, and by which id it knows the answer. */
export interface Ceremony {
  ceremony_id: string;
  options: JsonObject;
}
