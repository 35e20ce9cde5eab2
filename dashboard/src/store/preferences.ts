/** What a person chose, kept in the browser from one visit to the next. */

import { effect, signal, type Signal } from "@preact/signals";
import { INTERVALS, isInterval, type Interval } from "../lib/candles";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const FILTERS = ["all", "pinned", "fx", "crypto", "stock"] as const;
export type Filter = (typeof FILTERS)[number];

export const SORT_KEYS = ["symbol", "price", "change_percent", "spread", "age"] as const;
export type SortKey = (typeof SORT_KEYS)[number];
/** `null` is the catalogue's own order. */
export type Sort = { key: SortKey; descending: boolean } | null;

export interface Preferences {
  theme: Signal<Theme>;
  interval: Signal<Interval>;
  favourites: Signal<string[]>;
  filter: Signal<Filter>;
  sort: Signal<Sort>;
  selected: Signal<string | null>;
}

type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

/** Reads what was kept in `storage` and writes every change back to it. */
export function keptPreferences(storage: Storage): Preferences {
  const kept = <T>(key: string, fallback: T, isValid: (value: unknown) => value is T): Signal<T> =>
    keptSignal(storage, `tradewind.${key}`, fallback, isValid);
  return {
    theme: kept("theme", "system" as Theme, oneOf(THEMES)),
    interval: kept("interval", INTERVALS[0] as Interval, isInterval),
    favourites: kept("favourites", [] as string[], isStrings),
    filter: kept("filter", "all" as Filter, oneOf(FILTERS)),
    sort: kept("sort", null as Sort, isSort),
    selected: kept("selected", null as string | null, isStringOrNull),
  };
}

export function toggled(list: readonly string[], item: string): string[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

function keptSignal<T>(
  storage: Storage,
  key: string,
  fallback: T,
  isValid: (value: unknown) => value is T,
): Signal<T> {
  const kept = read(storage, key);
  const choice = signal(isValid(kept) ? kept : fallback);
  let first = true;
  effect(() => {
    const text = JSON.stringify(choice.value);
    if (!first) write(storage, key, text);
    first = false;
  });
  return choice;
}

function read(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "");
  } catch {
    return undefined;
  }
}

function write(storage: Storage, key: string, text: string): void {
  try {
    storage.setItem(key, text);
  } catch {
    // A full or forbidden storage costs the memory of a choice, never the choice.
  }
}

function oneOf<T extends string>(values: readonly T[]) {
  return (value: unknown): value is T => values.includes(value as T);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isStringOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isSort(value: unknown): value is Sort {
  if (value === null) return true;
  const sort = value as { key?: unknown; descending?: unknown } | undefined;
  return oneOf(SORT_KEYS)(sort?.key) && typeof sort?.descending === "boolean";
}
