/** The watchlist: a dense table of everything with a price, of which the rows in sight are drawn. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { instrumentPath } from "../../lib/routes";
import { Bone } from "../../parts/states";
import { navigate } from "../../router";
import { useStore } from "../../store/context";
import { toggled } from "../../store/preferences";
import { ColumnHeads } from "./head";
import { Row } from "./row";
import type { Item } from "./rows";
import { scrollToShow, topsOf, windowOf } from "./windowed";

const ROW_PX = 32;
const GROUP_PX = 36;
const TALL_ROW_PX = 56;
const HEAD_PX = 32;
/** Below this width a row is two lines high, as the style sheet's container query says too. */
const NARROW_PX = 480;

interface WatchlistProps {
  items: readonly Item[];
  selected: string | null;
  /** Whether a choice shows beside the list; else it opens the instrument's page. */
  showsBeside: boolean;
  select: (symbol: string) => void;
}

export function Watchlist({ items, selected, showsBeside, select }: WatchlistProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const scrollTop = useSignal(0);
  const rowPx = size.value.width < NARROW_PX ? TALL_ROW_PX : ROW_PX;
  const tops = topsOf(items.map((item) => (item.kind === "group" ? GROUP_PX : rowPx)));
  const sight = windowOf(tops, scrollTop.value, size.value.height);
  const drawn = items.slice(sight.first, sight.end);
  const tabStop = tabStopOf(drawn, selected);
  const { favourites } = useStore().preferences;

  const move = (step: number): void => {
    const rows = items.flatMap((item, index) => (item.kind === "row" ? [{ ...item, index }] : []));
    const at = rows.findIndex(({ key }) => key === selected);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    const element = scroller.current;
    if (!next || !element) return;
    const top = scrollToShow(tops, next.index, element.scrollTop, element.clientHeight, HEAD_PX);
    if (top !== null) element.scrollTop = top;
    select(next.key);
    requestAnimationFrame(() => rowOf(element, next.key)?.focus({ preventScroll: true }));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !isRow(event.target)) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10 }[event.key];
    const symbol = event.target.dataset["symbol"] ?? "";
    if (step) move(step);
    else if (event.key === "Enter") navigate(instrumentPath(symbol));
    else if (event.key === "f") favourites.value = toggled(favourites.value, symbol);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent): void => {
    const symbol = (event.target as Element).closest<HTMLElement>("tr.row")?.dataset["symbol"];
    if (!symbol) return;
    if (showsBeside) select(symbol);
    else navigate(instrumentPath(symbol));
  };

  return (
    <div
      ref={scroller}
      class="watchlist"
      onScroll={(event) => (scrollTop.value = event.currentTarget.scrollTop)}
    >
      <table
        role="grid"
        aria-label="Watchlist"
        aria-rowcount={items.length + 1}
        style={{ "--row": `${rowPx}px`, "--group": `${GROUP_PX}px` }}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onDblClick={() => selected && navigate(instrumentPath(selected))}
      >
        <ColumnHeads />
        <tbody>
          <tr class="filler" aria-hidden="true" style={{ height: `${sight.paddingTopPx}px` }} />
          {drawn.map((item, offset) =>
            item.kind === "group" ? (
              <GroupRow key={item.key} label={item.label} count={item.count} />
            ) : (
              <Row
                key={item.key}
                instrument={item.instrument}
                index={sight.first + offset}
                isSelected={item.key === selected}
                isTabStop={item.key === tabStop}
              />
            ),
          )}
          <tr class="filler" aria-hidden="true" style={{ height: `${sight.paddingBottomPx}px` }} />
        </tbody>
      </table>
    </div>
  );
}

/** The table before its instruments are known: the same rows, grey. */
export function WatchlistSkeleton() {
  return (
    <div class="watchlist" aria-busy="true">
      <table aria-label="Watchlist, loading" style={{ "--row": `${ROW_PX}px` }}>
        <ColumnHeads />
        <tbody>
          {Array.from({ length: 24 }, (_, index) => (
            <tr key={index} class="row">
              <td class="cell--pin" />
              <td class="cell--symbol">
                <Bone widthPx={72 + ((index * 37) % 80)} />
              </td>
              <td class="cell--last">
                <Bone widthPx={64} />
              </td>
              <td class="cell--change">
                <Bone widthPx={48} />
              </td>
              <td class="cell--percent">
                <Bone widthPx={40} />
              </td>
              <td class="cell--bid" />
              <td class="cell--ask" />
              <td class="cell--spread" />
              <td class="cell--age" />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The columns at every width, which a group's name spans; and those that a narrow list hides. */
const SPANNED = ["pin", "symbol", "last"];
const OPTIONAL = ["change", "percent", "bid", "ask", "spread", "age"];

function GroupRow({ label, count }: { label: string; count: number }) {
  return (
    <tr class="group">
      <th scope="rowgroup" colSpan={SPANNED.length}>
        {label} <span class="count">{count}</span>
      </th>
      {OPTIONAL.map((name) => (
        <td key={name} class={`cell--${name}`} />
      ))}
    </tr>
  );
}

/** One row can be reached by Tab: the selected one, or the first in sight. */
function tabStopOf(drawn: readonly Item[], selected: string | null): string | undefined {
  const rows = drawn.filter((item) => item.kind === "row");
  return (rows.find((item) => item.key === selected) ?? rows[0])?.key;
}

function useSize(ref: { current: HTMLElement | null }) {
  const size = useSignal({ width: 800, height: 800 });
  const measure = (): void => {
    if (ref.current) size.value = { width: ref.current.clientWidth, height: ref.current.clientHeight };
  };
  useLayoutEffect(measure, []);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return size;
}

function isRow(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.matches("tr.row");
}

function rowOf(within: HTMLElement, symbol: string): HTMLElement | null {
  return within.querySelector(`tr[data-symbol="${CSS.escape(symbol)}"]`);
}
