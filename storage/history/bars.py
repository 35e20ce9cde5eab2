"""Candles made of providers' own bars of more than a minute, for buckets of which nothing else is known.

A bar is part of a bucket if it lies wholly in it. Bars of a day are of a date, not of an instant: they keep
it in whichever zone days are asked for. All bars of a candle are of one side, source and length: the side
that was named first, then the best rank, then the longest.
"""

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from psycopg import sql

from market.bars import DAY_S
from market.intervals import DAY_US, Int64s, Interval, local_midnights
from market.sources import Feed, ids_by_rank
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.electing import numbers_of, times_of
from storage.history.folding import candle_schema, fold
from storage.history.ranges import Range, moment
from storage.history.units import Subject

_SECOND_US = 1_000_000

_NAMES = (
    *("time", "source_id", "preference", "interval_s"),
    *("open", "high", "low", "close", "volume"),
)
_TYPES = ("timestamptz", "int2", "int2", "int4", *5 * ("numeric",))


def divisible_s(interval: Interval) -> int:
    """The seconds of which a bar's length must be a whole part to lie in this interval's buckets."""
    return DAY_S if interval.width_us is None else interval.width_us // _SECOND_US


async def read_bars(
    columns: ColumnReader,
    subject: Subject,
    interval: Interval,
    zone: ZoneInfo,
    range_us: Range,
    numbers: Numbers,
) -> pa.Table:
    """The candles that bars make of the buckets of the range; `ticks` and `minutes` are 0."""
    schema = candle_schema(numbers)
    rows = await columns.table(_query(subject, interval, range_us), numbers=numbers)
    rows = rows.combine_chunks()
    lengths = numbers_of(rows, "interval_s")
    opens = _openings(times_of(rows), lengths, interval, zone)
    starts = interval.starts_of(opens, zone)
    ends = interval.ends_of(starts, zone)
    # A day of a clock change has its bar too, though it is shorter.
    closes = np.where(lengths == DAY_S, opens, opens + lengths * _SECOND_US)
    fits = (closes <= ends) & (range_us[0] <= starts) & (starts < range_us[1])
    chosen = np.flatnonzero(fits)
    order = chosen[_preferred(rows.take(chosen), starts[chosen], opens[chosen], subject.feed)]
    nothing = pa.array(np.zeros(len(order), np.int64))
    units = rows.take(order).append_column("ticks", nothing).append_column("minutes", nothing)
    return fold(units, starts[order], schema)


def _openings(times: Int64s, lengths: Int64s, interval: Interval, zone: ZoneInfo) -> Int64s:
    if interval.width_us is not None:
        return times
    return np.where(lengths == DAY_S, local_midnights(times, zone), times)


def _preferred(rows: pa.Table, starts: Int64s, opens: Int64s, feed: Feed) -> Int64s:
    """The rows that make the buckets' candles, in the order of their time."""
    ranks = np.zeros(2**15, np.int64)
    known = ids_by_rank(feed)
    ranks[known] = np.arange(len(known))
    kind = np.stack(
        [
            numbers_of(rows, "preference"),
            ranks[numbers_of(rows, "source_id")],
            -numbers_of(rows, "interval_s"),
        ]
    )
    order = np.lexsort((opens, *kind[::-1], starts)).astype(np.int64)
    if not len(order):
        return order
    begins = np.diff(starts[order], prepend=starts[order[0]] - 1) != 0
    best = kind[:, order[begins]][:, np.cumsum(begins) - 1]
    return order[np.all(kind[:, order] == best, axis=0)]


def _query(subject: Subject, interval: Interval, range_us: Range) -> ColumnQuery:
    pieces = [
        sql.SQL(
            "SELECT time, source_id, {preference}::int2, interval_s, open, high, low, close, volume"
            " FROM market.bars WHERE instrument_id = {instrument} AND feed = {feed}"
            " AND side = {side} AND time >= {start} AND time < {end}"
            " AND {divisible} % interval_s = 0"
        ).format(
            preference=sql.Literal(place),
            instrument=sql.Literal(subject.instrument_id),
            feed=sql.Literal(subject.feed.code),
            side=sql.Literal(side),
            # A date may begin a day earlier or later than in UTC.
            start=moment(range_us[0] - DAY_US),
            end=moment(range_us[1] + DAY_US),
            divisible=sql.Literal(divisible_s(interval)),
        )
        for place, side in enumerate(subject.sides)
    ]
    return ColumnQuery(sql.SQL(" UNION ALL ").join(pieces), _NAMES, _TYPES)
