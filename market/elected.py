"""The newest prices of every source, and which of them are the elected ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from market.election import PAUSES, Election, Switch
from market.instruments import InstrumentTable
from market.latest import LATEST, LatestPrices
from market.sources import Source, UnknownSourceError, source_by_id
from market.ticks import Bools, Int64s, TickBatch

Items = npt.NDArray[Any]
"""An array of `LATEST`."""

_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Moved:
    """What a source's ticks moved: its own items by instrument, which of them are elected, and who was
    elected instead of whom."""

    ids: Int64s
    items: Items
    elected: Bools
    switches: list[Switch]


class ElectedPrices:
    """A table of newest prices a source, and the election among them."""

    def __init__(self, instruments: InstrumentTable) -> None:
        self._instruments = instruments
        self._tables: dict[int, LatestPrices] = {}
        self._election = Election(max((item.id for item in instruments), default=0))

    def apply(
        self, source: Source, batch: TickBatch, received_us: int, *, settled: bool = True
    ) -> Moved:
        """Merge a source's ticks, which were received then. `settled`: see `Election.hear`."""
        table = self._table(source.id)
        ids = table.apply(batch)
        switches: list[Switch] = []
        if len(ids):
            switches = self._election.hear(source, ids, received_us, settled=settled)
        items = table.table[ids]
        elected = self._election.elected[ids] == source.id
        items["elected"] = np.where(elected, self._election.since[ids], 0)
        return Moved(ids, items, elected, switches)

    def item(self, source: Source, instrument: int) -> bytes:
        """A source's own item of an instrument."""
        data: bytes = self._table(source.id).table[instrument].tobytes()
        return data

    def elected_items(self) -> Items:
        """The elected source's item of every instrument that has one."""
        ids = np.flatnonzero(self._election.elected)
        items = np.zeros(len(ids), LATEST)
        for row, instrument in enumerate(ids):
            source = int(self._election.elected[instrument])
            items[row] = self._table(source).table[instrument]
            items[row]["elected"] = self._election.since[instrument]
        return items[_has_price(items)]

    def items_by_source(self) -> dict[Source, Items]:
        """Every source's own items."""
        return {
            source_by_id(id_): table.table[_has_price(table.table)]
            for id_, table in self._tables.items()
        }

    def restore(self, items: Iterable[bytes]) -> None:
        """Take what was kept of any of these, each where it is newer than what is here."""
        stored = np.frombuffer(b"".join(items), LATEST)
        stored = stored[stored["instrument"] < len(self._election.elected)].copy()
        for item in stored[stored["elected"] > 0]:
            source = _source(int(item["source"]))
            if source is not None:
                self._election.restore(int(item["instrument"]), source, int(item["elected"]))
        stored["elected"] = 0
        for id_ in np.unique(stored["source"]).tolist():
            if _source(id_) is not None:
                self._table(id_).restore([stored[stored["source"] == id_].tobytes()])

    def state(self) -> bytes:
        """All of it, for `resume`, and how long each source usually pauses; not what is soon known anew."""
        parts = [self.elected_items(), *self.items_by_source().values()]
        items = b"".join(part.tobytes() for part in parts)
        length = len(items).to_bytes(_LENGTH_BYTES, "little")
        return length + items + self._election.pauses().tobytes()

    def resume(self, state: bytes) -> None:
        """Take up a state, each price of it that is newer than what is here."""
        end = _LENGTH_BYTES + int.from_bytes(state[:_LENGTH_BYTES], "little")
        self.restore([state[_LENGTH_BYTES:end]])
        pauses = np.frombuffer(state[end:], PAUSES)
        pauses = pauses[pauses["instrument"] < len(self._election.elected)]
        for id_ in np.unique(pauses["source"]).tolist():
            source = _source(id_)
            if source is not None:
                own = pauses[pauses["source"] == id_]
                ids = own["instrument"].astype(np.int64)
                self._election.restore_pauses(source, ids, own["pause_us"])

    def _table(self, source_id: int) -> LatestPrices:
        table = self._tables.get(source_id)
        if table is None:
            table = self._tables[source_id] = LatestPrices(self._instruments)
        return table


def _has_price(items: Items) -> Bools:
    found: Bools = (items["quote_time"] > 0) | (items["price_time"] > 0)
    return found


def _source(source_id: int) -> Source | None:
    try:
        return source_by_id(source_id)
    except UnknownSourceError:
        return None
