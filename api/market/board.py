"""The board: the newest price of every instrument in memory, and how it is shown.

Everything is synchronous and belongs to the event loop's thread: a caller sees one moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.market.freshness import State, stale_after_us, state_of
from market.clock import Clock, rfc3339
from market.instruments import AssetClass, Instrument, InstrumentTable
from market.latest import LatestPrices
from market.sessions import is_open, reference_time_us
from market.sources import Feed, source_by_id
from market.ticks import Int64s, TickBatch

_SECOND_US = 1_000_000
_POWERS = [10**exponent for exponent in range(40)]

PriceData = dict[str, object]
"""One price as it is served; `api.market.schemas.Price` says of what type each entry is."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The price that a day's change is measured from, and the instant it stands for."""

    time_us: int
    price: float


@dataclass(frozen=True, slots=True)
class _Mark:
    price: float
    time_us: int


class PriceBoard:
    """The newest prices of one feed class. They only go forward."""

    def __init__(self, instruments: InstrumentTable, feed: Feed, clock: Clock) -> None:
        self.instruments = instruments
        self.feed = feed
        self._clock = clock
        self._latest = LatestPrices(instruments)
        self._known = np.zeros(len(self._latest.table), bool)
        self._known[[instrument.id for instrument in instruments]] = True
        self._references: dict[int, Reference] = {}
        self._reference_times: dict[AssetClass, tuple[int, int]] = {}
        self._is_open: dict[AssetClass, tuple[int, bool]] = {}
        self._shown_states: dict[int, State] = {}

    def apply(self, batch: TickBatch) -> list[int]:
        """Merge ticks; the ids of the instruments that moved."""
        if len(batch) and int(batch.instrument.max()) >= len(self._known):
            batch = batch.take(batch.instrument < len(self._known))
        return self._of_ours(self._latest.apply(batch))

    def restore(self, items: Mapping[str, bytes]) -> list[int]:
        """Merge what the cache holds by symbol; the ids of the instruments that moved."""
        return self.merge([item for symbol, item in items.items() if symbol in self.instruments])

    def merge(self, items: Sequence[bytes]) -> list[int]:
        """Merge `LATEST` items; the ids of the instruments that moved."""
        before = self._latest.table.copy()
        self._latest.restore(items)
        return self._of_ours(np.flatnonzero(before != self._latest.table))

    def beside(self, items: Mapping[str, bytes]) -> "PriceBoard":
        """Another board of these items alone, whose changes are measured from the same references."""
        other = PriceBoard(self.instruments, self.feed, self._clock)
        other.restore(items)
        other.set_references(self._references)
        return other

    def without_price(self) -> list[int]:
        """The ids of the instruments that have no price yet."""
        table = self._latest.table
        return self._of_ours(
            np.flatnonzero((table["quote_time"] == 0) & (table["price_time"] == 0))
        )

    def known_ids(self) -> list[int]:
        """The ids of all instruments."""
        return [instrument.id for instrument in self.instruments]

    def warm_up(self) -> None:
        """Load the calendars of every class; takes about a second and may run on another thread."""
        now_us = self._clock()
        for instrument in self.instruments:
            is_open(instrument, now_us)

    def now_us(self) -> int:
        """The clock's time; in a recording the newest time that it has reached."""
        if self.feed is Feed.RECORDED:
            table = self._latest.table
            newest = int(max(table["quote_time"].max(), table["price_time"].max()))
            return newest or self._clock()
        return self._clock()

    def price(self, instrument: Instrument, now_us: int | None = None) -> PriceData | None:
        """The price of one instrument as it is served; None where there is none yet."""
        now_us = self.now_us() if now_us is None else now_us
        item: tuple[Any, ...] = self._latest.table[instrument.id].item()
        (
            quote_time,
            _,
            bid,
            ask,
            price_time,
            _,
            price,
            _,
            _,
            _,
            source_id,
            quote_exponent,
            exponent,
            _,
        ) = item
        if not quote_time and not price_time:
            return None
        source = source_by_id(source_id)
        scale = _POWERS[quote_exponent]
        mark = self._mark(
            instrument,
            source.provider,
            _Mark((bid + ask) / (2 * scale), quote_time) if quote_time else None,
            _Mark(price / _POWERS[exponent], price_time) if price_time else None,
        )
        age_us = max(0, now_us - mark.time_us)
        state = state_of(
            self.feed, source.provider, age_us, is_open=self._open_now(instrument, now_us)
        )
        self._shown_states[instrument.id] = state
        change, change_percent = self._change(instrument, mark.price, now_us)
        return {
            "symbol": instrument.symbol,
            "price": mark.price,
            "bid": bid / scale if quote_time else None,
            "ask": ask / scale if quote_time else None,
            "change": change,
            "change_percent": change_percent,
            "as_of": rfc3339(mark.time_us),
            "age_ms": age_us // 1_000,
            "state": state.value,
            "source": source.provider,
            "simulated": self.feed is Feed.SIMULATED,
        }

    def no_price(self, instrument: Instrument, now_us: int) -> PriceData:
        """What stands for a price that nobody has sent yet."""
        state = State.STALE if self._open_now(instrument, now_us) else State.CLOSED
        absent = dict.fromkeys(
            ("price", "bid", "ask", "change", "change_percent", "as_of", "age_ms")
        )
        return {
            "symbol": instrument.symbol,
            **absent,
            "state": state.value,
            "source": None,
            "simulated": self.feed is Feed.SIMULATED,
        }

    def prices(self, ids: Iterable[int], now_us: int | None = None) -> list[PriceData]:
        """The prices of those of these instruments that have one."""
        now_us = self.now_us() if now_us is None else now_us
        found = (self.price(self.instruments.by_id(id_), now_us) for id_ in ids)
        return [price for price in found if price is not None]

    def changed_states(self) -> list[int]:
        """Instruments whose state is no longer what was last shown: prices grow old without a tick."""
        before = dict(self._shown_states)
        self.prices(before)
        return [id_ for id_, state in before.items() if self._shown_states[id_] is not state]

    def reference_time(self, instrument: Instrument, now_us: int) -> int:
        """The instant that the instrument's day is measured from."""
        second = now_us // _SECOND_US
        cached = self._reference_times.get(instrument.asset_class)
        if cached is not None and cached[0] == second:
            return cached[1]
        continuous = self.feed is Feed.SIMULATED
        time_us = reference_time_us(instrument, now_us, continuous=continuous)
        self._reference_times[instrument.asset_class] = (second, time_us)
        return time_us

    def set_references(self, references: Mapping[int, Reference]) -> list[int]:
        """Measure changes from these; the ids of the instruments whose reference is another now."""
        changed = [
            id_ for id_, reference in references.items() if self._references.get(id_) != reference
        ]
        self._references = dict(references)
        return changed

    def _mark(
        self, instrument: Instrument, provider: str, quote: _Mark | None, price: _Mark | None
    ) -> _Mark:
        """FX is worth the mid of its quote, the rest what it traded for, unless that has gone stale
        and the other is newer."""
        wanted, other = (
            (quote, price) if instrument.asset_class is AssetClass.FX else (price, quote)
        )
        if wanted is None or other is None:
            found = wanted or other
            assert found is not None
            return found
        lead_us = other.time_us - wanted.time_us
        return other if lead_us > stale_after_us(self.feed, provider) else wanted

    def _change(
        self, instrument: Instrument, price: float, now_us: int
    ) -> tuple[float | None, float | None]:
        reference = self._references.get(instrument.id)
        if reference is None or reference.time_us != self.reference_time(instrument, now_us):
            return None, None
        change = price - reference.price
        return (
            round(change, instrument.decimals + 2),
            round(100 * change / reference.price, 4),
        )

    def _open_now(self, instrument: Instrument, now_us: int) -> bool:
        second = now_us // _SECOND_US
        cached = self._is_open.get(instrument.asset_class)
        if cached is not None and cached[0] == second:
            return cached[1]
        opened = is_open(instrument, now_us)
        self._is_open[instrument.asset_class] = (second, opened)
        return opened

    def _of_ours(self, ids: Int64s) -> list[int]:
        return [int(id_) for id_ in ids[self._known[ids]]]
