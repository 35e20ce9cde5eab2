/** The head of the watchlist: filters by class, and the columns by which it sorts. */

import type { Instrument } from "../../api/types";
import { CLASS_LABEL } from "../../lib/words";
import { Segmented } from "../../parts/segmented";
import { useStore } from "../../store/context";
import { FILTERS, type Filter, type SortKey } from "../../store/preferences";
import { nextSort, passes } from "./rows";

const FILTER_LABEL: Record<Filter, string> = { all: "All", pinned: "Pinned", ...CLASS_LABEL };

const COLUMNS: { name: string; label: string; sort?: SortKey; title?: string }[] = [
  { name: "pin", label: "" },
  { name: "symbol", label: "Symbol", sort: "symbol" },
  { name: "last", label: "Last", sort: "price" },
  { name: "change", label: "Change", title: "Against the day's reference" },
  { name: "percent", label: "%", sort: "change_percent", title: "Change in percent" },
  { name: "bid", label: "Bid" },
  { name: "ask", label: "Ask" },
  { name: "spread", label: "Spread", sort: "spread", title: "Ask less bid; sorts by its share" },
  { name: "age", label: "Age", sort: "age", title: "Since the price was made" },
];

export function Filters({ instruments }: { instruments: readonly Instrument[] }) {
  const { filter, favourites } = useStore().preferences;
  const choices = FILTERS.map((value) => {
    const view = { filter: value, sort: null, favourites: favourites.value };
    const count = instruments.filter((instrument) => passes(instrument, view)).length;
    const label = (
      <>
        {FILTER_LABEL[value]} <span class="count">{count || ""}</span>
      </>
    );
    return { value, label };
  });
  return (
    <Segmented
      label="Filter"
      choices={choices}
      chosen={filter.value}
      choose={(value) => (filter.value = value)}
    />
  );
}

export function ColumnHeads() {
  const { sort } = useStore().preferences;
  return (
    <thead>
      <tr aria-rowindex={1}>
        {COLUMNS.map(({ name, label, sort: key, title }) => (
          <th key={name} class={`cell--${name}`} scope="col" title={title} aria-sort={key && sortOf(key)}>
            {key ? (
              <button type="button" class="sort" onClick={() => (sort.value = nextSort(sort.value, key))}>
                {label}
              </button>
            ) : (
              label || <span class="hidden">Pinned</span>
            )}
          </th>
        ))}
      </tr>
    </thead>
  );

  function sortOf(key: SortKey): "ascending" | "descending" | "none" {
    if (sort.value?.key !== key) return "none";
    return sort.value.descending ? "descending" : "ascending";
  }
}
