/** The markets page: the watchlist and, where there is room, the chart of what is selected. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Instrument } from "../../api/types";
import { instrumentPath } from "../../lib/routes";
import { CandlePanel } from "../../chart/panel";
import { OpenIcon } from "../../parts/icons";
import { Notice } from "../../parts/states";
import { Link } from "../../router";
import { useStore } from "../../store/context";
import { InstrumentBones } from "../instrument/bones";
import { InstrumentHead } from "../instrument/head";
import { QuoteStrip } from "../instrument/facts";
import { Filters } from "./head";
import { arranged } from "./rows";
import { Watchlist, WatchlistSkeleton } from "./watchlist";

/** From this width of the window on, the chart stands beside the list (the style sheet agrees). */
const BESIDE = "(min-width: 960px)";
/** A list sorted by something that moves is put in order again this often, not with every tick. */
const SORT_INTERVAL_MS = 2000;
const FIRST_CHOICE = "BTC-USDT";

export function MarketsPage() {
  const { market } = useStore();
  const fetched = market.instruments.value;
  useEffect(() => {
    document.title = "Markets · Tradewind";
  }, []);
  if (fetched.status === "failed") {
    const action = { label: "Try again", run: () => market.retry() };
    return (
      <Notice isPage title="The list of instruments did not load." action={action}>
        {fetched.message} It is tried again as soon as the connection stands.
      </Notice>
    );
  }
  if (fetched.status === "ready" && fetched.value.length === 0) {
    return (
      <Notice isPage title="No instruments yet.">
        They appear here once a feed is configured.
      </Notice>
    );
  }
  return <Markets instruments={fetched.status === "ready" ? fetched.value : undefined} />;
}

function Markets({ instruments }: { instruments: readonly Instrument[] | undefined }) {
  const { selected } = useStore().preferences;
  const showsBeside = useMedia(BESIDE);
  const chosen = instruments && chosenOf(instruments, selected.value);
  return (
    <div class="markets">
      <h1 class="hidden">Markets</h1>
      <section class="markets__list" aria-label="Watchlist">
        <div class="toolbar">
          <Filters instruments={instruments ?? []} />
        </div>
        {instruments ? (
          <Arranged instruments={instruments} selected={chosen?.symbol ?? null} showsBeside={showsBeside} />
        ) : (
          <WatchlistSkeleton />
        )}
      </section>
      {showsBeside && (
        <section class="markets__beside" aria-label="Selected instrument">
          {chosen ? <Beside instrument={chosen} /> : <InstrumentBones />}
        </section>
      )}
    </div>
  );
}

interface ArrangedProps {
  instruments: readonly Instrument[];
  selected: string | null;
  showsBeside: boolean;
}

function Arranged({ instruments, selected, showsBeside }: ArrangedProps) {
  const { market, preferences } = useStore();
  const { filter, sort, favourites } = preferences;
  const round = useRound(sort.value !== null && sort.value.key !== "symbol");
  const items = useMemo(() => {
    const view = { filter: filter.value, sort: sort.value, favourites: favourites.value };
    return arranged(instruments, (symbol) => market.board.quote(symbol).peek(), view);
  }, [instruments, filter.value, sort.value, favourites.value, round]);
  if (items.length === 0) {
    const action = { label: "Show all", run: () => (filter.value = "all") };
    return (
      <Notice title="Nothing is pinned yet." action={action}>
        The star at a row, or the key F, pins an instrument to the top.
      </Notice>
    );
  }
  const select = (symbol: string): void => void (preferences.selected.value = symbol);
  return <Watchlist items={items} selected={selected} showsBeside={showsBeside} select={select} />;
}

function Beside({ instrument }: { instrument: Instrument }) {
  return (
    <>
      <InstrumentHead key={instrument.symbol} instrument={instrument} level={2}>
        <Link to={instrumentPath(instrument.symbol)} class="button button--quiet">
          Open <OpenIcon />
        </Link>
      </InstrumentHead>
      <QuoteStrip key={`quote-${instrument.symbol}`} instrument={instrument} />
      <CandlePanel instrument={instrument} />
    </>
  );
}

function chosenOf(instruments: readonly Instrument[], selected: string | null): Instrument | undefined {
  const named = (symbol: string | null) => instruments.find((one) => one.symbol === symbol);
  return named(selected) ?? named(FIRST_CHOICE) ?? instruments[0];
}

/** A number that grows every `SORT_INTERVAL_MS` while `runs`. */
function useRound(runs: boolean): number {
  const round = useSignal(0);
  useEffect(() => {
    if (!runs) return undefined;
    const timer = setInterval(() => (round.value += 1), SORT_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [runs]);
  return round.value;
}

function useMedia(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query]);
  const matches = useSignal(list.matches);
  useEffect(() => {
    const update = (): void => void (matches.value = list.matches);
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [list]);
  return matches.value;
}
