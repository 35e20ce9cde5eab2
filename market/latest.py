"""The newest quote and the newest price of every instrument, which only ever go forward."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from market.instruments import InstrumentTable
from market.ticks import QUOTE, Bools, Int64s, TickBatch

LATEST = np.dtype(
    [
        ("quote_time", "<i8"),
        ("quote_seq", "<i8"),
        ("bid", "<i8"),
        ("ask", "<i8"),
        ("price_time", "<i8"),
        ("price_seq", "<i8"),
        ("price", "<i8"),
        ("size", "<i8"),
        ("elected", "<i8"),
        ("instrument", "<i4"),
        ("source", "<i2"),
        ("quote_exponent", "i1"),
        ("price_exponent", "i1"),
        ("size_exponent", "i1"),
    ]
)
"""One instrument: its newest quote (bid, ask) and its newest trade or rate (price, size).

Numbers as in `market.ticks`; a time of 0 means that there was none yet. `source` is of the newer one,
of the price where both are equally new. `elected` is the instant (µs) since when that source is the
elected one of the instrument, 0 where it is not, or nobody knows.
"""

_QUOTE_COLUMNS = {
    "quote_time": "time",
    "quote_seq": "seq",
    "quote_exponent": "exponent",
    "bid": "bid",
    "ask": "ask",
}
_PRICE_COLUMNS = {
    "price_time": "time",
    "price_seq": "seq",
    "price_exponent": "exponent",
    "price": "price",
    "size": "size",
    "size_exponent": "size_exponent",
}
"""The columns of an item's half, time and sequence first, and the columns of ticks they are of."""


class LatestPrices:
    """A table of `LATEST` items, one an instrument, indexed by the instrument's id."""

    def __init__(self, instruments: InstrumentTable) -> None:
        self._instruments = instruments
        highest = max((instrument.id for instrument in instruments), default=0)
        self.table: npt.NDArray[Any] = np.zeros(highest + 1, LATEST)
        self.table["instrument"] = np.arange(highest + 1)

    def apply(self, batch: TickBatch) -> Int64s:
        """Merge ticks; the ids of the instruments that moved, ascending.

        What another source says of an instrument whose source is elected is passed over.
        """
        chosen = self.table["elected"][batch.instrument] > 0
        if chosen.any():
            own = self.table["source"][batch.instrument] == batch.source
            batch = batch.take(own | ~chosen)
        quotes = batch.kind == QUOTE
        moved_quotes = self._advance(batch, quotes, _QUOTE_COLUMNS)
        moved_prices = self._advance(batch, ~quotes, _PRICE_COLUMNS)
        if not len(moved_prices):
            return moved_quotes
        if not len(moved_quotes):
            return moved_prices
        moved: Int64s = np.union1d(moved_quotes, moved_prices)
        return moved

    def item(self, symbol: str) -> np.void:
        """The `LATEST` item of an instrument; UnknownSymbolError where there is none."""
        found: np.void = self.table[self._instruments.by_symbol(symbol).id]
        return found

    def items_bytes(self, ids: Int64s) -> list[bytes]:
        """These instruments' items as stored in the cache, in the order of `ids`."""
        size = LATEST.itemsize
        data = self.table[ids].tobytes()
        return [data[start : start + size] for start in range(0, len(data), size)]

    def restore(self, items: Sequence[bytes]) -> None:
        """Take what `items_bytes` wrote: quote and price, each where it is newer than what is here.

        An item of a later election replaces one of another source; one of an earlier is passed over.
        """
        stored = np.frombuffer(b"".join(items), LATEST)
        stored = stored[stored["instrument"] < len(self.table)]
        for half in (_QUOTE_COLUMNS, _PRICE_COLUMNS):
            time, seq, *_ = half
            # Of several of an instrument the newest, once by its quote and once by its price.
            order = np.lexsort((stored[seq], stored[time], stored["elected"], stored["instrument"]))
            ordered = stored[order]
            last = np.diff(ordered["instrument"], append=-1) != 0
            self._merge(ordered[last])

    def _merge(self, items: npt.NDArray[Any]) -> None:
        """Merge items, each of another instrument."""
        own = self.table[items["instrument"]]
        other = items["source"] != own["source"]
        replaced = other & (items["elected"] > own["elected"]) & (_shown_time(own) > 0)
        self.table[items["instrument"][replaced]] = items[replaced]
        merged = ~replaced & (items["elected"] >= own["elected"])
        items, own = items[merged], own[merged]
        ids = items["instrument"]
        self.table["elected"][ids] = items["elected"]
        self.table["source"][ids] = np.where(_is_newer(items, own), items["source"], own["source"])
        for half in (_QUOTE_COLUMNS, _PRICE_COLUMNS):
            time, seq, *_ = half
            forward = (items[time] > own[time]) | (
                (items[time] == own[time]) & (items[seq] > own[seq])
            )
            for name in half:
                self.table[name][ids[forward]] = items[name][forward]

    def _advance(self, batch: TickBatch, mask: Bools, half: dict[str, str]) -> Int64s:
        """Merge the masked rows into their half of the items; the ids of those that moved.

        Of ticks with equal time and sequence the first is kept, whatever batch the others are in.
        """
        rows: Int64s = np.flatnonzero(mask)[::-1]
        if not len(rows):
            return rows
        rows = rows[np.lexsort((batch.seq[rows], batch.time[rows]))]
        newest = np.full(len(self.table), -1, np.int64)
        newest[batch.instrument[rows]] = rows  # the last assignment wins: the newest row
        ids: Int64s = np.flatnonzero(newest >= 0)
        rows = newest[ids]
        time_column, seq_column, *_ = half
        own_time, own_seq = self.table[time_column][ids], self.table[seq_column][ids]
        time, seq = batch.time[rows], batch.seq[rows]
        forward = (time > own_time) | ((time == own_time) & (seq > own_seq))
        ids, rows = ids[forward], rows[forward]
        for target, column in half.items():
            self.table[target][ids] = getattr(batch, column)[rows]
        price_is_newer = self.table["price_time"][ids] >= self.table["quote_time"][ids]
        shown = price_is_newer if half is _PRICE_COLUMNS else ~price_is_newer
        self.table["source"][ids[shown]] = batch.source[rows[shown]]
        return ids


def _shown_time(items: npt.NDArray[Any]) -> Int64s:
    """When each was newest, by quote or price."""
    newest: Int64s = np.maximum(items["quote_time"], items["price_time"])
    return newest


def _is_newer(items: npt.NDArray[Any], others: npt.NDArray[Any]) -> Bools:
    """Whether the half that an item's source is of (the newer one, the price of equally new ones) is
    newer than that of the other."""
    keys = []
    for each in (items, others):
        is_price = each["price_time"] >= each["quote_time"]
        seq = np.where(is_price, each["price_seq"], each["quote_seq"])
        keys.append((_shown_time(each), is_price, seq))
    (time, is_price, seq), (time_, is_price_, seq_) = keys
    newer: Bools = (time > time_) | (
        (time == time_) & ((is_price > is_price_) | ((is_price == is_price_) & (seq > seq_)))
    )
    return newer
