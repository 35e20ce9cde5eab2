/** Search over symbols and names: `/` opens it, arrows choose, Enter goes there. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Instrument } from "../api/types";
import { instrumentPath } from "../lib/routes";
import { found } from "../lib/search";
import { ChangePercent } from "../parts/change";
import { FlashingPrice } from "../parts/flashing";
import { SearchIcon } from "../parts/icons";
import { navigate } from "../router";
import { useInstruments, useStore } from "../store/context";

const MAX_RESULTS = 8;

export function Search() {
  const input = useRef<HTMLInputElement>(null);
  const text = useSignal("");
  const open = useSignal(false);
  const active = useSignal(0);
  const instruments = useInstruments();
  const results = open.value ? found(instruments, text.value, MAX_RESULTS) : [];
  useSlashKey(() => input.current?.focus());

  const close = (): void => {
    open.value = false;
    text.value = "";
    input.current?.blur();
  };
  const go = (instrument: Instrument | undefined): void => {
    if (!instrument) return;
    close();
    navigate(instrumentPath(instrument.symbol));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && results.length > 0) {
      event.preventDefault();
      active.value = (active.value + step + results.length) % results.length;
    } else if (event.key === "Enter") go(results[active.value]);
    else if (event.key === "Escape") close();
  };

  return (
    <div class="search" role="search">
      <SearchIcon />
      <input
        ref={input}
        class="search__input"
        type="text"
        role="combobox"
        aria-label="Search instruments"
        aria-expanded={open.value}
        aria-controls="search-results"
        aria-autocomplete="list"
        aria-activedescendant={results.length > 0 ? `search-${active.value}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder="Search"
        value={text}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          active.value = 0;
        }}
        onFocus={() => {
          open.value = true;
          active.value = 0;
        }}
        onBlur={() => (open.value = false)}
        onKeyDown={onKeyDown}
      />
      <kbd class="search__key" aria-hidden="true">/</kbd>
      {open.value && <Results results={results} active={active.value} text={text.value} go={go} />}
    </div>
  );
}

interface ResultsProps {
  results: readonly Instrument[];
  active: number;
  text: string;
  go: (instrument: Instrument) => void;
}

function Results({ results, active, text, go }: ResultsProps) {
  const { board } = useStore().market;
  return (
    <ul class="search__results" id="search-results" role="listbox" aria-label="Instruments">
      {results.map((instrument, index) => (
        <li
          key={instrument.symbol}
          id={`search-${index}`}
          class="search__result"
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => {
            event.preventDefault();
            go(instrument);
          }}
        >
          <b>{instrument.symbol}</b>
          <span class="search__name">{instrument.name}</span>
          <FlashingPrice quote={board.quote(instrument.symbol)} decimals={instrument.decimals} />
          <ChangePercent quote={board.quote(instrument.symbol)} />
        </li>
      ))}
      {results.length === 0 && <li class="search__none">Nothing is called “{text}”.</li>}
    </ul>
  );
}

function useSlashKey(focus: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      focus();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
