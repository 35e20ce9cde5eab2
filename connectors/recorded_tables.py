"""A recorded file of rows with a time each: which it is by its name and head, and its rows, oldest first.

The number of a row counts from the oldest: tables are written in either order, a log only goes forward.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from connectors.alphavantage.fields import EASTERN, Context, instant_us
from connectors.ecb.days import days_of
from connectors.ecb.publications import published_us
from connectors.errors import ConnectorError, NoRecordingError
from connectors.recorded_bars import LAYOUTS, SECOND_US, BarsOf, cells_of, opening_us
from connectors.recorded_rows import LoadedRows, Part
from market.bars import DAY_S, MINUTE_S
from market.instruments import ALL_INSTRUMENTS, AssetClass
from market.sources import Feed, source_of

MAX_TABLE_BYTES = 256 * 2**20
"""What a table may hold: it is sorted in memory."""
ROWS_PER_DAY_OF_RATES = 250
"""Rows of one record of rates, each of some thirty: as many ticks as a record of ticks has."""

_PAIR = re.compile(r"(?:.*/)?([a-z]{3,4})([a-z]{3})\.csv", re.ASCII)
_QUOTES = re.compile(rb"[0-9]{8} [0-9]{2}:[0-9]{2}(?:,[0-9.eE+-]+){10}\r?(?:\n|$)")
_TRADES = re.compile(rb"[0-9]{8} [0-9]{2}:[0-9]{2}(?:,[0-9.eE+-]+){5}\r?(?:\n|$)")
_RATES = re.compile(rb"Date,(?: ?[A-Z]{3},)+ ?\r?\n")
_QUANDL = (
    b",Date,Open,High,Low,Close,Volume,ExDividend,SplitRatio,"
    b"AdjOpen,AdjHigh,AdjLow,AdjClose,AdjVolume,Stock"
)
_YAHOO = re.compile(
    rb"Date,([A-Z]+)\.Open,\1\.High,\1\.Low,\1\.Close,\1\.Volume,\1\.Adjusted,"
    rb"dn,mavg,up,direction\r?\n"
)
_NASDAQ = b'"date","close","volume","open","high","low"'
_CLOSES = re.compile(rb'(?:"[A-Z]+",)+"Date"\r?\n')
_MINUTES = re.compile(rb"(?:time|timestamp),open,high,low,close,volume\r?\n")
_TICKERS = {"tesla": "TSLA"}
"""What NASDAQ's table of one share is called, where its file is not named after the ticker."""
_STEPS_S = (MINUTE_S, 300, 900, 1_800, 3_600, DAY_S)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a table is: whose, of which kind its records are, their context, how many rows one may have.

    `header` says whether its first line is one; `over_us` gives when what a row tells was known.
    """

    provider: str
    name: str
    context: str
    header: bool
    over_us: Callable[[bytes, bytes], int]
    most_rows: int = 10_000


class RecordedTable:
    """A table of known kind; `read` gives its bytes. See `RecordedFile`."""

    def __init__(self, path: Path, kind: Kind, read: Callable[[], bytes]) -> None:
        self.source = source_of(kind.provider, Feed.RECORDED)
        self.path = path
        self._kind = kind
        self._read = read
        self._header = b""
        self._loaded: LoadedRows | None = None
        times_us = self.load().times_us
        if not len(times_us):
            raise NoRecordingError(path, "has no row with a time")
        self.first_us = int(times_us[0])
        self.unload()

    def load(self) -> LoadedRows:
        """See `RecordedFile.load`."""
        if self._loaded is None:
            lines = [line for line in self._read().splitlines() if line.strip()]
            self._header = lines.pop(0) + b"\n" if self._kind.header and lines else b""
            times_us = _known_times([self._over_us(line) for line in lines])
            order = np.argsort(times_us, kind="stable") if len(times_us) else np.zeros(0, np.int64)
            rows = [lines[row] + b"\n" for row in order]
            ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
            self._loaded = LoadedRows(b"".join(rows), ends, times_us[order])
        return self._loaded

    def part(self, start: int, stop: int) -> Part:
        """See `RecordedFile.part`: every record has the table's header."""
        rows = self.load()
        stop = min(stop, start + self._kind.most_rows)
        payload = self._header + rows.slice(start, stop)
        received_us = int(rows.times_us[stop - 1])
        return Part(self._kind.name, self._kind.context, received_us, payload, stop)

    def unload(self) -> None:
        """See `RecordedFile.unload`."""
        self._loaded = None

    def _over_us(self, line: bytes) -> int:
        try:
            return self._kind.over_us(self._header, line)
        except (ValueError, ConnectorError):
            return 0


def kind_of(path: Path, name: str, head: bytes, symbol: str | None) -> Kind:
    """What the table of that name and beginning is, in a file; `symbol` is said where it does not say.

    NoRecordingError: none that we know, or one that does not say whose bars it holds.
    """
    if _RATES.match(head):
        return _rates()
    if head.startswith(_QUANDL):
        return _days("quandl", "quandl_days")
    if found := _YAHOO.match(head):
        _known(path, found[1].decode())
        return _days("yahoo", "yahoo_days")
    if _CLOSES.match(head):
        return _days("yahoo_adjusted", "adjusted_closes")
    if head.startswith(_NASDAQ):
        return _days("nasdaq", "nasdaq_days", _known(path, symbol or _ticker_of(path)))
    if _MINUTES.match(head):
        return _minutes(path, head, symbol)
    if _QUOTES.match(head) or _TRADES.match(head):
        return _bars_of_a_pair(path, name, head)
    raise NoRecordingError(path)


def _rates() -> Kind:
    def over_us(header: bytes, line: bytes) -> int:
        day = days_of(header + line)[0].day
        return 0 if day is None else published_us(day)

    return Kind("ecb", "eurofxref-hist.csv", "", True, over_us, ROWS_PER_DAY_OF_RATES)


def _days(provider: str, name: str, symbol: str = "") -> Kind:
    return _of_layout(provider, name, BarsOf(symbol))


def _of_layout(provider: str, name: str, context: BarsOf) -> Kind:
    layout, length_us = LAYOUTS[name], context.interval_s * SECOND_US

    def over_us(_: bytes, line: bytes) -> int:
        return opening_us(layout, cells_of(line)) + length_us

    return Kind(provider, name, context.text(), layout.has_header, over_us)


def _bars_of_a_pair(path: Path, name: str, head: bytes) -> Kind:
    """Of a pair of currencies by OANDA, of a coin by Coinbase; the pair is the table's name."""
    found = _PAIR.fullmatch(name)
    if found is None:
        raise NoRecordingError(path, "bars of a pair are in a table called <pair>.csv")
    symbol = _known(path, f"{found[1]}-{found[2]}".upper())
    is_coin = ALL_INSTRUMENTS.by_symbol(symbol).asset_class is AssetClass.CRYPTO
    kind = "quote_bars" if _QUOTES.match(head) else "trade_bars"
    if not is_coin and kind == "trade_bars":
        raise NoRecordingError(path, "bars of trades are of coins alone")
    layout = LAYOUTS[kind]
    step_s = _step_s(path, head, lambda line: opening_us(layout, cells_of(line)))
    return _of_layout("coinbase" if is_coin else "oanda", kind, BarsOf(symbol, step_s))


def _minutes(path: Path, head: bytes, symbol: str | None) -> Kind:
    """Alpha Vantage's intraday CSV, which names neither its symbol nor its interval."""
    if symbol is None:
        raise NoRecordingError(path, "bars that do not say whose they are: say it with --symbol")

    def stamped_us(line: bytes) -> int:
        return instant_us(line.partition(b",")[0].decode("ascii", "replace"), EASTERN)

    step_s = _step_s(path, head, stamped_us)
    context = Context(_known(path, symbol), interval=f"{step_s // MINUTE_S}min")
    return Kind(
        "alphavantage",
        "TIME_SERIES_INTRADAY",
        msgspec.json.encode(context).decode(),
        True,
        lambda _, line: stamped_us(line) + step_s * SECOND_US,
    )


def _step_s(path: Path, head: bytes, time_us: Callable[[bytes], int]) -> int:
    """The interval of the bars: the smallest step of the whole rows in the head; one row is a day's."""
    times: list[int] = []
    for line in head.splitlines(keepends=True):
        try:
            times.append(time_us(line) if line.endswith(b"\n") else times[-1])
        except (ValueError, IndexError, ConnectorError):
            continue
    steps = [abs(later - earlier) for earlier, later in pairwise(times) if later != earlier]
    step_s = min(steps, default=DAY_S * SECOND_US) // SECOND_US
    if step_s not in _STEPS_S:
        raise NoRecordingError(path, f"bars of {step_s} s are none that anybody publishes")
    return step_s


def _known(path: Path, symbol: str) -> str:
    if symbol not in ALL_INSTRUMENTS:
        raise NoRecordingError(path, f"nothing here is called {symbol}: say it with --symbol")
    return symbol


def _ticker_of(path: Path) -> str:
    word = re.split(r"[-_.]", path.name.lower())[0]
    return _TICKERS.get(word, word.upper())


def _known_times(times: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Times in which a row without one has that of the row beside it; empty where none has one."""
    known = np.array(times, np.int64)
    has = np.flatnonzero(known)
    if not len(has):
        return np.zeros(0, np.int64)
    before = np.searchsorted(has, np.arange(len(known)), side="right") - 1
    return known[has[np.maximum(before, 0)]]
