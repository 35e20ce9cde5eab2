"""Alpha Vantage's time series as CSV → bars.

A table names neither its instrument nor its interval nor its zone: the context and the function do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import EASTERN, PROVIDER, Cells, table_of
from connectors.alphavantage.intervals import interval_of
from connectors.alphavantage.rows import Series, bars_of, context_of
from connectors.answers import Answer
from connectors.errors import MalformedError
from market.bars import LAST, MID
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed


@dataclass(frozen=True, slots=True)
class _Row:
    """`whole`: its line ended; what was cut off may have lost digits."""

    header: tuple[str, ...]
    line: str
    whole: bool

    @property
    def stamp(self) -> str:
        return self.line.partition(",")[0]

    def cells(self) -> Cells:
        values = self.line.split(",")
        if not self.whole:
            raise MalformedError(PROVIDER, "a row that was cut off")
        if len(values) != len(self.header):
            raise MalformedError(PROVIDER, "a row of another length than its header")
        return dict(zip(self.header, values, strict=True))

    def excerpt(self) -> str:
        return self.line


def parse_csv_series(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Bars of any series, in time order: of a pair's mid, of a stock's or a coin's trades."""
    check(Answer(200, record.payload, record.received_us), record.kind)
    lines = table_of(record.payload)
    if lines is None:
        raise MalformedError(PROVIDER, "no table")
    context = context_of(record)
    stocks = record.kind.startswith("TIME_SERIES")
    series = Series(
        instrument=instruments.by_symbol(context.symbol),
        interval_s=interval_of(context.interval or record.kind.title().replace("_", " ")),
        zone=EASTERN if stocks else UTC,
        side=MID if record.kind.startswith("FX") else LAST,
    )
    return bars_of(record, series, _rows(lines))


def _rows(lines: list[str]) -> Iterator[_Row]:
    header = tuple(lines[0].rstrip("\r").split(","))
    for number, line in enumerate(lines[1:], 2):
        if line:
            yield _Row(header, line.rstrip("\r"), whole=number < len(lines))
