"""Candles of a range, made of one-minute candles; their prices leave as floats.

Where several sources or sides have a candle of one minute, one is elected: those made of ticks before a
provider's own bars, then the side that was named first, then the source of the best rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from market.intervals import Interval
from market.sources import Feed, ids_by_rank
from storage.pools import Connection

MAX_MINUTES = 100_000
"""Minutes that one answer is made of at most: 69 days of a market that never closes."""


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One candle; `time` is its opening, `minutes` how many one-minute candles it is made of.

    `volume` is None where no source gave one.
    """

    time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    ticks: int
    minutes: int


@dataclass(frozen=True, slots=True)
class CandleQuery:
    """Candles of an instrument that open in [start, end), at most `limit`.

    `sides` are letters of `market.bars`, the preferred one first.
    """

    instrument_id: int
    feed: Feed
    sides: Sequence[str]
    interval: Interval
    zone: ZoneInfo
    start: datetime
    end: datetime
    limit: int


_CANDLES = """
WITH elected AS (
    SELECT DISTINCT ON (c.time) c.*
    FROM unnest(%(sides)s::"char"[]) WITH ORDINALITY AS wanted (side, preference)
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (time) {bucket} AS bucket, time, open, high, low, close, volume, ticks
        FROM market.candles
        WHERE instrument_id = %(instrument_id)s AND feed = %(feed)s AND side = wanted.side
          AND time >= %(start)s AND time < %(end)s
        ORDER BY time {order}, ticks = 0, array_position(%(sources)s::smallint[], source_id)
        LIMIT %(minutes)s
    ) c
    ORDER BY c.time {order}, c.ticks = 0, wanted.preference
    LIMIT %(minutes)s
)
SELECT bucket AS time,
       (array_agg(open ORDER BY time))[1]::float8 AS open,
       max(high)::float8 AS high,
       min(low)::float8 AS low,
       (array_agg(close ORDER BY time DESC))[1]::float8 AS close,
       sum(volume)::float8 AS volume,
       sum(ticks)::int AS ticks,
       count(*)::int AS minutes
FROM elected GROUP BY bucket ORDER BY bucket {order} LIMIT %(limit)s
"""
_FIXED = "date_bin(%(width)s, time, 'epoch')"
_CALENDAR = "date_trunc(%(unit)s, time, %(zone)s)"
_CANDLES_FROM = {
    True: _CANDLES.format(bucket=_FIXED, order="ASC"),
    False: _CANDLES.format(bucket=_CALENDAR, order="ASC"),
}
_CANDLES_BEFORE = {
    True: _CANDLES.format(bucket=_FIXED, order="DESC"),
    False: _CANDLES.format(bucket=_CALENDAR, order="DESC"),
}


async def candles_from(connection: Connection, query: CandleQuery) -> tuple[list[CandleRow], bool]:
    """The first candles of the range, ascending, and whether more follow within it."""
    return await _candles(connection, _CANDLES_FROM, query)


async def candles_before(connection: Connection, query: CandleQuery) -> list[CandleRow]:
    """The last candles of the range, ascending."""
    rows, _ = await _candles(connection, _CANDLES_BEFORE, query)
    return rows[::-1]


async def _candles(
    connection: Connection, statements: Mapping[bool, str], query: CandleQuery
) -> tuple[list[CandleRow], bool]:
    interval, limit = query.interval, query.limit
    minutes = min((limit + 1) * interval.minutes, MAX_MINUTES)
    parameters = {
        "instrument_id": query.instrument_id,
        "feed": query.feed.code,
        "sides": list(query.sides),
        "sources": ids_by_rank(query.feed),
        "width": interval.width,
        "unit": interval.unit,
        "zone": query.zone.key,
        # From bucket to bucket, so that none is cut: the plan stays a walk along the index.
        "start": interval.first_from(query.start, query.zone),
        "end": interval.first_from(query.end, query.zone),
        "minutes": minutes,
        "limit": limit + 1,
    }
    async with connection.cursor(row_factory=class_row(CandleRow)) as cursor:
        await cursor.execute(statements[interval.width is not None].encode(), parameters)
        rows = await cursor.fetchall()
    # A bucket that the bound on minutes may have cut is not shown: the next page begins with it.
    cut = len(rows) > limit or sum(row.minutes for row in rows) == minutes
    return (rows[:-1] if cut else rows), cut
