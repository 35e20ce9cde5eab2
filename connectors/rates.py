"""What tables of rates have in common: units of many currencies per one of a base, at one time.

A rate is kept for the pair as it stands: `base-code`, where the base is the answer's own. The other
way round would be a division, and with it a price that nobody quoted: cross rates are the reader's.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import msgspec
import numpy as np

from connectors.answers import decode
from connectors.errors import MalformedError
from connectors.numerals import pair_of, text_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.clock import datetime_of, microseconds
from market.errors import MarketError, NotAPriceError
from market.instruments import AssetClass, Instrument, InstrumentTable
from market.log import LogRecord, Parsed, Refused
from market.sessions import FX_DAY_BEGINS, NEW_YORK, is_open
from market.ticks import RATE, TickBatch

Rates = Mapping[str, msgspec.Raw] | Mapping[str, str]

UnixSeconds = Annotated[int, msgspec.Meta(gt=0, lt=10**11)]

DAY_US = 86_400_000_000
SECOND_US = 1_000_000

FIRST_DAY = date(1999, 1, 1)
"""The first day that a provider of rates answers for."""

_FRIDAY, _SATURDAY = 4, 5
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Table(msgspec.Struct):
    """An answer of one time: units of each code per one of the base."""

    timestamp: UnixSeconds
    base: str
    rates: dict[str, msgspec.Raw]


class Series(msgspec.Struct):
    """An answer of many days: a table a day."""

    base: str
    rates: dict[str, dict[str, msgspec.Raw]]


class NoTradingError(MarketError):
    """A daily rate of a time at which nothing was traded: it repeats the one before."""

    def __init__(self, time_us: int) -> None:
        super().__init__(time_us)
        self.time_us = time_us

    def __str__(self) -> str:
        return f"a daily rate of a closed market: {datetime_of(self.time_us):%Y-%m-%d}"


class RateRows:
    """The rates of one record that we carry, as ticks; what is none is refused alone."""

    def __init__(self, record: LogRecord, instruments: InstrumentTable) -> None:
        self._source = record.source.id
        self._instruments = instruments
        self._times: list[int] = []
        self._ids: list[int] = []
        self._prices: list[tuple[int, int]] = []
        self._refused: list[Refused] = []

    def add(self, base: str, rates: Rates, time_us: int, *, daily: bool = False) -> None:
        """A table of one time. A daily one is that of a whole day: see `traded_us`."""
        for code, value in rates.items():
            symbol = f"{base}-{code}"
            if symbol not in self._instruments:
                continue
            instrument = self._instruments.by_symbol(symbol)
            try:
                price = pair_of(value)
                own_us = traded_us(instrument, time_us) if daily else time_us
            except (NotAPriceError, NoTradingError) as error:
                text = value if isinstance(value, str) else text_of(value)
                self.refuse(error, f'"{code}":{text}')
                continue
            self._times.append(own_us)
            self._ids.append(instrument.id)
            self._prices.append(price)

    def refuse(self, reason: object, excerpt: str) -> None:
        """A part that is no rate."""
        self._refused.append(refused(reason, excerpt))

    def parsed(self) -> Parsed:
        """The rates in the order in which they were added."""
        batch = TickBatch.empty(len(self._times))
        batch.kind[:], batch.source[:] = RATE, self._source
        if self._times:
            batch.time[:] = self._times
            batch.instrument[:] = self._ids
            batch.price[:], batch.exponent[:] = np.array(self._prices, np.int64).T
        return Parsed(batch, BarBatch.empty(), tuple(self._refused))


def parse_table(
    provider: str, record: LogRecord, instruments: InstrumentTable, *, daily: bool
) -> Parsed:
    """The rates of a `Table`; MalformedError where the payload is none."""
    table = decode(provider, record.payload, Table)
    rows = RateRows(record, instruments)
    rows.add(table.base, table.rates, table.timestamp * SECOND_US, daily=daily)
    return rows.parsed()


def parse_series(provider: str, record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The rates of a `Series`, oldest first; a day that is not over when it comes is refused."""
    series = decode(provider, record.payload, Series)
    rows = RateRows(record, instruments)
    for text, rates in sorted(series.rates.items()):
        day = day_of(text)
        if day is None:
            rows.refuse(MalformedError(provider, "a day that is none"), text)
        elif day_end_us(day) > record.received_us:
            rows.refuse(MalformedError(provider, "a day that is not over"), text)
        else:
            rows.add(series.base, rates, day_end_us(day), daily=True)
    return rows.parsed()


def pairs_by_base(instruments: InstrumentTable) -> dict[str, tuple[Instrument, ...]]:
    """The pairs of currencies that we carry, by their base, in the table's order."""
    pairs: dict[str, tuple[Instrument, ...]] = {}
    for instrument in instruments:
        if instrument.asset_class is AssetClass.FX:
            pairs[instrument.base] = (*pairs.get(instrument.base, ()), instrument)
    return pairs


def day_of(text: str) -> date | None:
    """The day of `YYYY-MM-DD`; None where it is none, or lies before the euro."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day >= FIRST_DAY else None


def day_end_us(day: date) -> int:
    """The last second of a UTC day."""
    midnight = datetime.combine(day, time(), UTC)
    return microseconds(midnight) + DAY_US - SECOND_US


def traded_us(instrument: Instrument, time_us: int) -> int:
    """When the rate of a day that ends at `time_us` was last traded.

    That time itself while the market is open; on a Friday evening the second before the week's close,
    whose price the rest of the day repeats. NoTradingError where the whole day was closed.
    """
    if is_open(instrument, time_us):
        return time_us
    local = datetime_of(time_us).astimezone(NEW_YORK)
    if instrument.asset_class is not AssetClass.FX or local.weekday() != _FRIDAY:
        raise NoTradingError(time_us)
    close = datetime.combine(local.date(), FX_DAY_BEGINS, NEW_YORK)
    return microseconds(close.astimezone(UTC)) - SECOND_US


def days_between(since_us: int, now_us: int, at_most: int) -> list[date]:
    """The UTC days whose end lies after `since_us` and before `now_us`, of the last `at_most`.

    Saturdays, on which nothing trades, are left out.
    """
    today = datetime_of(now_us).date()
    days = (today - timedelta(days=back) for back in range(at_most, 0, -1))
    return [day for day in days if day_end_us(day) > since_us and day.weekday() != _SATURDAY]
