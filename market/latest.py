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

Numbers as in `market.ticks`; a time of 0 means that there was none yet. `source` is of the newer one.
"""

_QUOTE_COLUMNS = {"quote_time": "time", "quote_seq": "seq", "quote_exponent": "exponent"}
_PRICE_COLUMNS = {"price_time": "time", "price_seq": "seq", "price_exponent": "exponent"}


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
        moved_quotes = self._advance(batch, quotes, _QUOTE_COLUMNS, ("bid", "ask"))
        moved_prices = self._advance(
            batch, ~quotes, _PRICE_COLUMNS, ("price", "size", "size_exponent")
        )
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
        """Take what `items_bytes` wrote, where it is newer than what is here."""
        for item in np.frombuffer(b"".join(items), LATEST):
            own = self.table[item["instrument"]]
            if max(item["quote_time"], item["price_time"]) > max(
                own["quote_time"], own["price_time"]
            ):
                self.table[item["instrument"]] = item

    def _advance(
        self,
        batch: TickBatch,
        mask: Bools,
        renamed: dict[str, str],
        same: tuple[str, ...],
    ) -> Int64s:
        rows = np.flatnonzero(mask)
        if not len(rows):
            return rows
        rows = rows[np.lexsort((batch.seq[rows], batch.time[rows]))]
        newest = np.full(len(self.table), -1, np.int64)
        newest[batch.instrument[rows]] = rows  # the last assignment wins: the newest row
        ids = np.flatnonzero(newest >= 0)
        rows = newest[ids]
        time_column, seq_column, _ = renamed
        own_time, own_seq = self.table[time_column][ids], self.table[seq_column][ids]
        time, seq = batch.time[rows], batch.seq[rows]
        forward = (time > own_time) | ((time == own_time) & (seq > own_seq))
        advanced: Int64s = ids[forward]
        rows = rows[forward]
        for target, column in renamed.items():
            self.table[target][advanced] = getattr(batch, column)[rows]
        for column in (*same, "source"):
            self.table[column][advanced] = getattr(batch, column)[rows]
        return advanced
