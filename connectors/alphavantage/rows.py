"""The rows of a series, of JSON or CSV alike, become bars in time order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from connectors.alphavantage.fields import PROVIDER, Cell, Cells, Context, price_text
from connectors.alphavantage.intervals import span_us
from connectors.answers import decode_or_none
from connectors.bars import BarRows
from connectors.errors import ConnectorError, MalformedError
from connectors.refusals import refused
from market.errors import MarketError
from market.instruments import Instrument
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Series:
    """What the rows have in common. `side` is that of their bars (see market.bars)."""

    instrument: Instrument
    interval_s: int
    zone: tzinfo
    side: int


class Row(Protocol):
    """One bar as it was written."""

    @property
    def stamp(self) -> str:
        """Its time or date."""

    def cells(self) -> Cells:
        """Its values by their names; MalformedError where it is no row."""

    def excerpt(self) -> str:
        """As it stands in the answer."""


def context_of(record: LogRecord) -> Context:
    """The record's context; one that says nothing where it has none."""
    return decode_or_none(record.context.encode(), Context) or Context("")


def bars_of(record: LogRecord, series: Series, rows: Iterable[Row]) -> Parsed:
    """The bars of these rows; a row that is no bar is refused alone.

    Left out are bars before the context's `since`, and those that were still running on arrival: the
    day of today is one.
    """
    since_us = context_of(record).since
    bars = BarRows(PROVIDER)
    refusals = []
    for row in sorted(rows, key=lambda row: row.stamp):
        try:
            opening_us, over_us = span_us(row.stamp, series.zone, series.interval_s)
            if since_us <= opening_us and over_us <= record.received_us:
                cells = row.cells()
                bars.add(opening_us, _prices(cells, series.instrument), cells.get("volume"))
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, row.excerpt()))
    batch = bars.batch(series.instrument.id, record.source.id, series.side)
    batch.interval_s[:] = series.interval_s
    return Parsed(TickBatch.empty(), batch, tuple(refusals))


def _prices(cells: Cells, instrument: Instrument) -> list[str]:
    return [price_text(_price(cells, name, instrument.quote), instrument) for name in _PRICES]


def _price(cells: Cells, name: str, currency: str) -> Cell:
    """Before 2024 a coin's prices came in two currencies, as `open (CNY)` and `open (USD)`."""
    value = cells.get(name)
    if value is None:
        value = cells.get(f"{name} ({currency})")
    if value is None:
        raise MalformedError(PROVIDER, "a bar without its four prices")
    return value
