"""Candles of any interval: one engine for pages, streams and queries.

A candle is made of elected one-minute candles, or of the hours and days that stand for them; below a minute
of ticks; and where neither is known of a provider's own bars.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from market.clock import microseconds
from market.intervals import DAY_US, Interval
from market.sources import Feed
from storage.columns import ColumnReader, Numbers
from storage.history.bars import divisible_s, read_bars
from storage.history.electing import times_of
from storage.history.extents import extent_of
from storage.history.folding import candle_schema, fold, joined
from storage.history.ranges import Range
from storage.history.seconds import read_seconds
from storage.history.units import MINUTE_US, MINUTES, Subject, levels_for, read_units
from storage.history.walking import Series

SLICE_ROWS = 44_640
"""Rows of one source that make a slice: minutes of 31 days, hours of five years."""
SECONDS_SLICE_US = DAY_US


@dataclass(frozen=True, slots=True)
class CandleQuery:
    """Candles of an instrument that open in [start, end).

    `sides` are letters of `market.bars`, the preferred one first.
    """

    instrument_id: int
    feed: Feed
    sides: Sequence[str]
    interval: Interval
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def subject(self) -> Subject:
        """What is read, whatever the interval."""
        return Subject(self.instrument_id, self.feed, self.sides)


async def candle_series(columns: ColumnReader, query: CandleQuery, numbers: Numbers) -> Series:
    """The candles of the query as a series that is known from its first to its last bucket."""
    interval, zone = query.interval, query.zone
    start = microseconds(interval.first_from(query.start, zone))
    end = microseconds(interval.first_from(query.end, zone))
    extent = await extent_of(columns, query.subject, divisible_s(interval), (start, end))
    range_us = (0, 0)
    if extent.sides:
        # What is read of one side alone is read faster.
        query = replace(query, sides=extent.sides)
        first, last = _buckets(interval, zone, extent.range_us)
        range_us = (max(start, first), min(end, last))
    return Series(
        interval=interval,
        zone=zone,
        range_us=range_us,
        slice_us=_slice_us(query, range_us),
        schema=candle_schema(numbers),
        read=partial(_read, columns, query, numbers, extent.bars),
    )


async def _read(
    columns: ColumnReader,
    query: CandleQuery,
    numbers: Numbers,
    bars: bool,
    range_us: Range,
    schema: pa.Schema,
) -> pa.Table:
    """The candles of the buckets that make up the range."""
    interval, zone = query.interval, query.zone
    if _below_minutes(interval):
        whole = await read_seconds(columns, query.subject, interval, zone, range_us, numbers)
        found = whole.select(schema.names)
    else:
        levels = levels_for(interval, range_us, zone)
        names = schema.names
        units = await read_units(columns, query.subject, levels, range_us, numbers, names)
        found = await asyncio.to_thread(_folded, units, interval, zone, schema)
    if not bars:
        return found
    others = await read_bars(columns, query.subject, interval, zone, range_us, numbers)
    missing = ~np.isin(times_of(others), times_of(found))
    return joined([found, others.filter(pa.array(missing))], schema)


def _folded(units: pa.Table, interval: Interval, zone: ZoneInfo, schema: pa.Schema) -> pa.Table:
    return fold(units, interval.starts_of(times_of(units), zone), schema)


def _below_minutes(interval: Interval) -> bool:
    return interval.width_us is not None and interval.width_us % MINUTE_US != 0


def _slice_us(query: CandleQuery, range_us: Range) -> int:
    if _below_minutes(query.interval):
        return SECONDS_SLICE_US
    level = levels_for(query.interval, range_us, query.zone)[0]
    # Rollups are read as minutes where they are not there yet: no more than a year of those.
    return min(SLICE_ROWS * level.width_us, SLICE_ROWS * MINUTES.width_us * 12)


def _buckets(interval: Interval, zone: ZoneInfo, range_us: Range) -> Range:
    """From the start of the first bucket that holds an instant of the range to the end of the last."""
    ends = np.array([range_us[0], range_us[1] - 1], np.int64)
    starts = interval.starts_of(ends, zone)
    return int(starts[0]), int(interval.ends_of(starts, zone)[1])
