"""Tables of bars that there are files of: CSV rows → bars, by the layout of each.

Every layout is of one provider. A row's time is the bar's opening: an instant of UTC where it has one
(OANDA, Coinbase), else 00:00 UTC of its trading day, as the rest of the system labels a day's bar.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from connectors.bars import BarRows
from connectors.errors import ConnectorError, MalformedError
from connectors.refusals import refused
from market.bars import ASK, BID, DAY_S, LAST, BarBatch
from market.clock import microseconds
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

SECOND_US = 1_000_000

_LEAST_CELLS = 2
_MINUTE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2}) ([0-9]{2}):([0-9]{2})")
_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})")


class BarsOf(msgspec.Struct, frozen=True):
    """The context of a record: what its rows do not say. No symbol: each row, or the header, does."""

    symbol: str = ""
    interval_s: int = DAY_S

    def text(self) -> str:
        """The same as JSON."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar as it was written: of what, of which side, its open, high, low and close, its volume."""

    symbol: str
    side: int
    prices: Sequence[str]
    volume: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written. `time_us` gives a row's opening; `bars` what it says of it, given the
    header's cells (empty where a table has none) and the context's symbol.
    """

    has_header: bool
    cells: int | None
    time_us: Callable[[list[str]], int]
    bars: Callable[[list[str], list[str], str], Iterator[WrittenBar]]


def cells_of(line: bytes) -> list[str]:
    """The cells of one line of CSV. ValueError: it is none."""
    try:
        return next(csv.reader([line.decode("ascii").rstrip("\r\n")]), [])
    except csv.Error as error:
        raise ValueError(line[:40]) from error


def opening_us(layout: Layout, cells: list[str]) -> int:
    """When the bar of a row opens. ValueError: it is no row of this table, or names no such time."""
    if not cells or layout.cells not in (None, len(cells)):
        raise ValueError(cells)
    return layout.time_us(cells)


def parse_bars(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The bars of a record of rows; a row that is none is refused alone, and so is a bar of a row.

    MalformedError: the context is none, or the kind no layout.
    """
    layout, provider = LAYOUTS.get(record.kind), record.source.provider
    try:
        context = msgspec.json.decode(record.context, type=BarsOf)
    except msgspec.MsgspecError as error:
        raise MalformedError(provider, "the context is none of bars") from error
    if layout is None:
        raise MalformedError(provider, f"no table is called {record.kind[:40]}")
    lines = record.payload.splitlines()
    header = _header(provider, layout, lines)
    rows: dict[tuple[int, int], BarRows] = defaultdict(lambda: BarRows(provider))
    refusals = []
    for line in lines:
        try:
            cells = cells_of(line)
            time_us = opening_us(layout, cells)
            bars = list(layout.bars(cells, header, context.symbol))
        except ValueError:
            refusals.append(refused("not a row of this table, or one without a time", line))
            continue
        if time_us + context.interval_s * SECOND_US > record.received_us:
            refusals.append(refused("a bar that was not over", line))
            continue
        for bar in bars:
            try:
                instrument = instruments.by_symbol(bar.symbol).id
                rows[instrument, bar.side].add(time_us, bar.prices, bar.volume)
            except (ConnectorError, MarketError) as error:
                refusals.append(refused(error, line))
    batch = BarBatch.concat(
        [own.batch(id_, record.source.id, side) for (id_, side), own in rows.items()]
    )
    batch.interval_s[:] = context.interval_s
    return Parsed(TickBatch.empty(), batch, tuple(refusals))


def _header(provider: str, layout: Layout, lines: list[bytes]) -> list[str]:
    """The cells of the header, which is taken off; none where the table has none."""
    if not layout.has_header:
        return []
    try:
        header = cells_of(lines.pop(0)) if len(lines) > 1 else []
    except ValueError:
        header = []
    if len(header) < _LEAST_CELLS or layout.cells not in (None, len(header)):
        raise MalformedError(provider, "no table of bars")
    return header


def _minute(cells: list[str]) -> int:
    return _utc_us(cells[0], _MINUTE)


def _day(column: int) -> Callable[[list[str]], int]:
    return lambda cells: _utc_us(cells[column], _DAY)


def _utc_us(text: str, form: "re.Pattern[str]") -> int:
    found = form.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, hour, minute = (*map(int, found.groups()), 0, 0)[:5]
    time_us = microseconds(datetime(year, month, day, hour, minute, tzinfo=UTC))
    if time_us <= 0:
        raise ValueError(text)
    return time_us


def _quotes(cells: list[str], _: list[str], symbol: str) -> Iterator[WrittenBar]:
    """Bid's four prices and last size, ask's four and last size: a size is no volume."""
    yield WrittenBar(symbol, BID, cells[1:5])
    yield WrittenBar(symbol, ASK, cells[6:10])


def _trades(cells: list[str], _: list[str], symbol: str) -> Iterator[WrittenBar]:
    yield WrittenBar(symbol, LAST, cells[1:5], cells[5])


def _quandl(cells: list[str], *_: object) -> Iterator[WrittenBar]:
    """As traded: the adjusted columns change with every dividend and split."""
    yield WrittenBar(cells[14], LAST, cells[2:6], cells[6])


def _nasdaq(cells: list[str], _: list[str], symbol: str) -> Iterator[WrittenBar]:
    yield WrittenBar(symbol, LAST, [*cells[3:6], cells[1]], cells[2])


def _yahoo(cells: list[str], header: list[str], _: str) -> Iterator[WrittenBar]:
    """As traded: neither the adjusted close nor what somebody has computed beside it."""
    yield WrittenBar(header[1].partition(".")[0], LAST, cells[1:5], cells[5])


def _closes(cells: list[str], header: list[str], _: str) -> Iterator[WrittenBar]:
    """A close is all that is known of a day: it is the bar's four prices."""
    if len(cells) != len(header):
        raise ValueError(cells[-1:])
    for symbol, close in zip(header[:-1], cells[:-1], strict=True):
        yield WrittenBar(symbol, LAST, [close] * 4)


LAYOUTS = {
    "quote_bars": Layout(False, 11, _minute, _quotes),
    "trade_bars": Layout(False, 6, _minute, _trades),
    "quandl_days": Layout(True, 15, _day(1), _quandl),
    "nasdaq_days": Layout(True, 6, _day(0), _nasdaq),
    "yahoo_days": Layout(True, 11, _day(0), _yahoo),
    "adjusted_closes": Layout(True, None, _day(-1), _closes),
}
"""By the kind of a record. An unknown ticker of a row is refused with it."""

OWN_KINDS = {
    "oanda": ("quote_bars",),
    "coinbase": ("quote_bars", "trade_bars"),
    "quandl": ("quandl_days",),
    "nasdaq": ("nasdaq_days",),
    "yahoo": ("yahoo_days",),
    "yahoo_adjusted": ("adjusted_closes",),
}
"""Which tables are whose."""
