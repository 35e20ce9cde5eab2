"""Logs and parsers of the tests: records whose payload is the ticks themselves."""

from collections.abc import Mapping, Sequence

from market.bars import BarBatch
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.sources import Feed, source_of
from market.ticks import Tick, TickBatch

SOURCE = source_of("binance", Feed.SIMULATED)
NOW = 1_700_000_040_000_000


def record(offset: int, ticks: Sequence[Tick], partition: str = "binance-0") -> LogRecord:
    """A record of these ticks, received in time for all of them."""
    received = max((tick.time_us for tick in ticks), default=NOW)
    payload = TickBatch.of(ticks).to_bytes()
    return LogRecord(partition, offset, SOURCE, "ticks", "", received, payload)


def parse_ticks(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The ticks of a `record`."""
    batch = TickBatch.from_bytes(record.payload)
    return Parsed(TickBatch.concat([batch, TickBatch.empty()]), BarBatch.empty())


class ListReader:
    """A log of given records; `read` gives a few at a time."""

    def __init__(self, records: Sequence[LogRecord], at_once: int = 2, ends: bool = True) -> None:
        self._records = records
        self._at_once = at_once
        self._ends = ends
        self.closed = False

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        new = [item for item in self._records if item.offset > after.get(item.partition, -1)]
        self._left = len(new) - self._at_once
        return new[: self._at_once]

    def finished(self) -> bool:
        return self._ends and self._left <= 0

    def close(self) -> None:
        self.closed = True
