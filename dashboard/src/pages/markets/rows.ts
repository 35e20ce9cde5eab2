/** Which rows the watchlist has and in what order: pure, so that it is easy to say why. */

import type { AssetClass, Instrument } from "../../api/types";
import { spreadOf } from "../../lib/numbers";
import { CLASS_LABEL } from "../../lib/words";
import type { Quote } from "../../store/board";
import type { Filter, Sort, SortKey } from "../../store/preferences";

export type Item =
  | { kind: "group"; key: string; label: string; count: number }
  | { kind: "row"; key: string; instrument: Instrument };

export interface View {
  filter: Filter;
  sort: Sort;
  favourites: readonly string[];
}

type QuoteOf = (symbol: string) => Quote | undefined;

/** Groups by class, the pinned first, each sorted as asked for; a group without rows is left out. */
export function arranged(instruments: readonly Instrument[], quoteOf: QuoteOf, view: View): Item[] {
  const pinned = instruments.filter(({ symbol }) => view.favourites.includes(symbol));
  const others = instruments.filter(({ symbol }) => !view.favourites.includes(symbol));
  const groups: [string, Instrument[]][] = [
    ["Pinned", pinned],
    ...(Object.keys(CLASS_LABEL) as AssetClass[]).map((assetClass): [string, Instrument[]] => [
      CLASS_LABEL[assetClass],
      others.filter((instrument) => instrument.asset_class === assetClass),
    ]),
  ];
  return groups.flatMap(([label, members]) =>
    groupItems(label, sorted(members.filter((one) => passes(one, view)), quoteOf, view.sort)),
  );
}

export function passes(instrument: Instrument, { filter, favourites }: View): boolean {
  if (filter === "all") return true;
  if (filter === "pinned") return favourites.includes(instrument.symbol);
  return instrument.asset_class === filter;
}

/** The next order after a click on a column's head: falling, rising, the catalogue's own. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  const fallsFirst = key !== "symbol";
  if (sort?.key !== key) return { key, descending: fallsFirst };
  return sort.descending === fallsFirst ? { key, descending: !fallsFirst } : null;
}

function groupItems(label: string, members: readonly Instrument[]): Item[] {
  if (members.length === 0) return [];
  return [
    { kind: "group", key: label, label, count: members.length },
    ...members.map((instrument): Item => ({ kind: "row", key: instrument.symbol, instrument })),
  ];
}

function sorted(members: Instrument[], quoteOf: QuoteOf, sort: Sort): Instrument[] {
  if (!sort) return members;
  const sign = sort.descending ? -1 : 1;
  if (sort.key === "symbol") {
    return members.sort((a, b) => sign * a.symbol.localeCompare(b.symbol));
  }
  const key = sort.key;
  const values = new Map(members.map(({ symbol }) => [symbol, valueOf(quoteOf(symbol), key)]));
  return members.sort((a, b) => {
    const [one, other] = [values.get(a.symbol) ?? null, values.get(b.symbol) ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one - other);
  });
}

function valueOf(quote: Quote | undefined, key: Exclude<SortKey, "symbol">): number | null {
  if (!quote) return null;
  if (key === "spread") {
    const spread = spreadOf(quote.bid, quote.ask);
    return spread === null || quote.price === null ? null : spread / quote.price;
  }
  if (key === "age") return quote.asOfMs === 0 ? null : -quote.asOfMs;
  return quote[key];
}
