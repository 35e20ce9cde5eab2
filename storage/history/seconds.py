"""Candles that do not end with a minute, folded from the ticks that the minutes' candles are made of.

Which source and side that is, is said of every minute by the one-minute candle that is elected. A minute of
which no ticks are kept, or only a provider's own bar, has no such candles.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from market.intervals import Interval
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.electing import numbers_of, times_of
from storage.history.folding import candle_schema, fold
from storage.history.ranges import Range, moment
from storage.history.units import MINUTE_US, Subject, elected_minutes

MAX_TICKS = 200_000
"""Ticks that are read at once, but for those of a single minute."""
MAX_MINUTES = 240
"""Minutes that one statement names."""

_TICKS = """
SELECT tick.time, tick.seq, tick.price, tick.size
FROM unnest({minutes}::timestamptz[], {sources}::smallint[], {sides}::"char"[])
    AS chosen (minute, source_id, side)
CROSS JOIN LATERAL (
    SELECT time, seq,
        CASE chosen.side WHEN 'm' THEN (bid + ask) * 0.5 WHEN 'b' THEN bid WHEN 'a' THEN ask
            ELSE price END AS price,
        CASE chosen.side WHEN 't' THEN trunc(size, 18) END AS size
    FROM market.ticks
    WHERE feed = {feed} AND instrument_id = {instrument} AND source_id = chosen.source_id
      AND time >= greatest(chosen.minute, {start})
      AND time < least(chosen.minute + interval '1 minute', {end})
      AND (kind = 'q') = (chosen.side <> 't')
    OFFSET 0
) AS tick
"""
"""OFFSET keeps it a walk along the index for each minute: else all the partition's ticks are hashed."""
_COLUMNS = ("time", "seq", "price", "size"), ("timestamptz", "int8", "numeric", "numeric")


async def read_seconds(
    columns: ColumnReader,
    subject: Subject,
    interval: Interval,
    zone: ZoneInfo,
    range_us: Range,
    numbers: Numbers,
) -> pa.Table:
    """The candles of the buckets that make up the range, of the columns of `candle_schema`."""
    schema = candle_schema(numbers)
    first_us = range_us[0] // MINUTE_US * MINUTE_US
    minutes = await elected_minutes(columns, subject, [(first_us, range_us[1])], numbers)
    parts = [schema.empty_table()]
    for some in _portions(minutes):
        query = ColumnQuery(ticks_statement(subject, some, range_us), *_COLUMNS)
        ticks = (await columns.table(query, numbers=numbers)).combine_chunks()
        order = np.lexsort((numbers_of(ticks, "seq"), times_of(ticks)))
        rows = _as_candles(ticks.take(order))
        parts.append(fold(rows, interval.starts_of(times_of(rows), zone), schema))
    # A bucket may have been cut by the end of a portion.
    whole = pa.concat_tables(parts).combine_chunks()
    return _without_zero(fold(whole, times_of(whole), schema))


def _portions(minutes: pa.Table) -> Iterator[pa.Table]:
    """The minutes that have ticks, so many at a time that their ticks are bounded."""
    ticks = numbers_of(minutes, "ticks")
    minutes = minutes.filter(pa.array(ticks > 0))
    total = np.cumsum(ticks[ticks > 0])
    first = 0
    while first < len(total):
        before = total[first - 1] if first else 0
        end = int(np.searchsorted(total, before + MAX_TICKS, side="right"))
        end = min(max(end, first + 1), first + MAX_MINUTES)
        yield minutes.slice(first, end - first)
        first = end


def ticks_statement(subject: Subject, minutes: pa.Table, range_us: Range) -> sql.Composed:
    """The ticks that elected minutes (`time`, `source_id`, `preference`) are made of, in no order."""
    sides = [subject.sides[place] for place in numbers_of(minutes, "preference")]
    return sql.SQL(_TICKS).format(
        minutes=sql.Literal(minutes.column("time").to_pylist()),
        sources=sql.Literal(minutes.column("source_id").to_pylist()),
        sides=sql.Literal(sides),
        feed=sql.Literal(subject.feed.code),
        instrument=sql.Literal(subject.instrument_id),
        start=moment(range_us[0]),
        end=moment(range_us[1]),
    )


def _as_candles(ticks: pa.Table) -> pa.Table:
    price = ticks.column("price")
    count = ticks.num_rows
    return pa.table(
        {
            "time": ticks.column("time"),
            **dict.fromkeys(("open", "high", "low", "close"), price),
            "volume": ticks.column("size"),
            "ticks": pa.chunked_array([pa.array(np.ones(count, np.int64))]),
            "minutes": pa.chunked_array([pa.array(np.zeros(count, np.int64))]),
        }
    )


def _without_zero(candles: pa.Table) -> pa.Table:
    """A volume of zero is none, as in the candles of a minute."""
    place = candles.schema.get_field_index("volume")
    volume = candles.column("volume")
    nothing = pc.equal(volume, pa.scalar(0).cast(volume.type))
    kept = pc.if_else(nothing, pa.scalar(None, volume.type), volume)
    return candles.set_column(place, candles.schema.field(place), kept)
