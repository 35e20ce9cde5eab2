"""The newest quote and the newest price of every instrument, which only ever go forward."""

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
        ("instrument", "<i4"),
        ("source", "<i2"),
        ("quote_exponent", "i1"),
        ("price_exponent", "i1"),
        ("size_exponent", "i1"),
    ]
)
"""One instrument: its newest quote (bid, ask) and its newest trade or rate (price, size).

Numbers as in `market.ticks`; a time of 0 means that there was none yet. `source` is of the newer one,
of the price where both are equally new.
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
        """Merge ticks; the ids of the instruments that moved, ascending."""
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

    def restore(self, items: list[bytes]) -> None:
        """Take what `items_bytes` wrote: quote and price, each where it is newer than what is here."""
        stored = np.frombuffer(b"".join(items), LATEST)
        for item in stored[stored["instrument"] < len(self.table)]:
            own = self.table[item["instrument"]]
            if _shown(item) > _shown(own):
                own["source"] = item["source"]
            for half in (_QUOTE_COLUMNS, _PRICE_COLUMNS):
                time, seq, *_ = half
                if (item[time], item[seq]) > (own[time], own[seq]):
                    for name in half:
                        own[name] = item[name]

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


def _shown(item: np.void) -> tuple[int, bool, int]:
    """Orders items by the half that their source is of: the newer one, the price of equally new ones."""
    if item["price_time"] >= item["quote_time"]:
        return int(item["price_time"]), True, int(item["price_seq"])
    return int(item["quote_time"]), False, int(item["quote_seq"])
