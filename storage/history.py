"""What the database remembers of the market: ticks, candles, and the newest of them.

Prices leave as floats: they are exact in the tables, and what asks here is an edge. Where several
sources or sides have a candle of one minute, one is elected: those made of ticks before a provider's
own bars, then the side that was named first, then the source of the best rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from market.clock import microseconds
from market.intervals import Interval
from market.sources import SOURCES, Feed
from market.ticks import Tick
from storage.pools import Connection

MAX_MINUTES = 100_000
"""Minutes that one answer is made of at most: 69 days of a market that never closes."""
ELECTED_WITHIN = timedelta(minutes=5)
"""How far behind the newest of all a source's last candle may lie for it to be elected."""
REFERENCE_WITHIN = timedelta(days=7)
"""How far before a reference instant the price that counts for it may lie."""


@dataclass(frozen=True, slots=True)
class TickRow:
    """One stored tick; `kind` is q, t or r."""

    time: datetime
    bid: float | None
    ask: float | None
    price: float | None
    size: float | None
    source_id: int
    kind: str
    seq: int


@dataclass(frozen=True, slots=True)
class TickKey:
    """The place of a tick among its instrument's ticks."""

    time: datetime
    source_id: int
    kind: str
    seq: int


@dataclass(frozen=True, slots=True)
class TickQuery:
    """Ticks of an instrument in [start, end), at most `limit`; with `after`, only those beyond it."""

    instrument_id: int
    feed: Feed
    start: datetime
    end: datetime
    limit: int
    after: TickKey | None = None


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


_TICKS = """
SELECT tick.*
FROM (
    SELECT DISTINCT candle.time AS minute
    FROM unnest('{{m,t}}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT time FROM market.candles
        WHERE instrument_id = %(instrument_id)s AND feed = %(feed)s AND side = side.letter
          AND ticks > 0
          AND time > greatest(%(start)s,
            (SELECT time FROM market.ticks WHERE feed = %(feed)s ORDER BY time LIMIT 1)
          ) - interval '1 minute' AND time < %(end)s
        ORDER BY time {order} LIMIT %(minutes)s
    ) AS candle
    ORDER BY minute {order}
) AS holding
CROSS JOIN LATERAL (
    SELECT time, bid::float8, ask::float8, price::float8, size::float8, source_id, kind, seq
    FROM market.ticks
    WHERE feed = %(feed)s AND instrument_id = %(instrument_id)s
      AND time >= greatest(%(start)s, holding.minute)
      AND time < least(%(end)s, holding.minute + interval '1 minute')
      {beyond}
    ORDER BY time {order}, source_id {order}, kind {order}, seq {order} LIMIT %(limit)s
) AS tick
ORDER BY holding.minute {order}, time {order}, source_id {order}, kind {order}, seq {order}
LIMIT %(limit)s
"""
"""Ticks lie in the order of time alone: the candles tell in which minutes the instrument has any.

Every candle made of ticks stands for one at least, but for those of a minute that the range cuts, and
those whose ticks are no longer kept, which is so from the oldest tick back.
"""
_TICKS_FROM = _TICKS.format(
    order="ASC",
    # No condition of an index, which would begin at this tick for every minute.
    beyond="""AND ((time, source_id, kind, seq) > (%(after_time)s, %(after_source)s::smallint,
        %(after_kind)s::"char", %(after_seq)s::bigint)) IS TRUE""",
).encode()
_TICKS_BEFORE = _TICKS.format(order="DESC", beyond="").encode()


async def ticks_from(connection: Connection, query: TickQuery) -> list[TickRow]:
    """The first ticks of the range, ascending."""
    after = query.after or TickKey(query.start - timedelta(microseconds=1), 0, " ", 0)
    parameters = _tick_parameters(query) | {
        "start": max(query.start, after.time),
        "after_time": after.time,
        "after_source": after.source_id,
        "after_kind": after.kind,
        "after_seq": after.seq,
    }
    async with connection.cursor(row_factory=class_row(TickRow)) as cursor:
        await cursor.execute(_TICKS_FROM, parameters)
        return await cursor.fetchall()


async def ticks_before(connection: Connection, query: TickQuery) -> list[TickRow]:
    """The last ticks of the range, ascending; `after` is not regarded."""
    async with connection.cursor(row_factory=class_row(TickRow)) as cursor:
        await cursor.execute(_TICKS_BEFORE, _tick_parameters(query))
        return (await cursor.fetchall())[::-1]


def _tick_parameters(query: TickQuery) -> dict[str, object]:
    return {
        "instrument_id": query.instrument_id,
        "feed": query.feed.code,
        "start": query.start,
        "end": query.end,
        "limit": query.limit,
        # One source's candle each in the minute that the range may cut.
        "minutes": query.limit + len(_ids_by_rank(query.feed)),
    }


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
        "sources": _ids_by_rank(query.feed),
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


_NEWEST = """
WITH recent AS (
    SELECT wanted.instrument_id, side.letter, candle.minute, candle.source_id
    FROM unnest(%(instruments)s::int[]) AS wanted (instrument_id)
    CROSS JOIN unnest('{m,t}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT time, source_id FROM market.candles
        WHERE instrument_id = wanted.instrument_id AND side = side.letter AND feed = %(feed)s
          AND ticks > 0
        ORDER BY time DESC LIMIT 64
    ) AS candle (minute, source_id)
), elected AS (
    SELECT DISTINCT ON (instrument_id) instrument_id, source_id
    FROM (
        SELECT *, max(minute) OVER (PARTITION BY instrument_id) AS newest FROM recent
    ) AS known
    WHERE minute >= newest - %(within)s
    ORDER BY instrument_id, array_position(%(sources)s::smallint[], source_id)
), newest AS (
    SELECT DISTINCT ON (instrument_id, letter) instrument_id, letter, minute, source_id
    FROM recent JOIN elected USING (instrument_id, source_id)
    ORDER BY instrument_id, letter, minute DESC
)
SELECT tick.*
FROM newest CROSS JOIN LATERAL (
    SELECT t.time, t.instrument_id, t.source_id, t.kind, t.seq, t.bid, t.ask, t.price, t.size
    FROM market.ticks t
    WHERE t.feed = %(feed)s AND t.instrument_id = newest.instrument_id
      AND t.source_id = newest.source_id
      AND t.time >= newest.minute AND t.time < newest.minute + interval '1 minute'
      AND (t.kind = 'q') = (newest.letter = 'm')
    ORDER BY t.time DESC, t.seq DESC LIMIT 1
) AS tick
"""


@dataclass(frozen=True, slots=True)
class _ExactTick:
    time: datetime
    instrument_id: int
    source_id: int
    kind: str
    seq: int
    bid: Decimal | None
    ask: Decimal | None
    price: Decimal | None
    size: Decimal | None


async def newest_ticks(
    connection: Connection, feed: Feed, instrument_ids: Sequence[int]
) -> list[Tick]:
    """The newest quote and the newest trade or rate of each instrument, exact, both of one source: the
    best-ranked of those that have a candle within the last minutes that anybody has."""
    parameters = {
        "feed": feed.code,
        "instruments": list(instrument_ids),
        "sources": _ids_by_rank(feed),
        "within": ELECTED_WITHIN,
    }
    async with connection.cursor(row_factory=class_row(_ExactTick)) as cursor:
        await cursor.execute(_NEWEST, parameters)
        rows = await cursor.fetchall()
    return [
        Tick(
            time_us=microseconds(row.time),
            instrument=row.instrument_id,
            source=row.source_id,
            kind=ord(row.kind),
            seq=row.seq,
            bid=row.bid,
            ask=row.ask,
            price=row.price,
            size=row.size,
        )
        for row in rows
    ]


_CLOSES = """
SELECT wanted.instrument_id, c.close::float8
FROM unnest(%(instruments)s::int[], %(before)s::timestamptz[], %(sides)s::"char"[])
    AS wanted (instrument_id, before, side)
CROSS JOIN LATERAL (
    SELECT newest.close
    FROM unnest('{m,t}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT close FROM market.candles
        WHERE instrument_id = wanted.instrument_id AND feed = %(feed)s AND side = side.letter
          AND time < wanted.before AND time >= wanted.before - %(within)s
        ORDER BY time DESC, ticks = 0, array_position(%(sources)s::smallint[], source_id) LIMIT 1
    ) AS newest
    ORDER BY side.letter = wanted.side DESC LIMIT 1
) AS c
"""


@dataclass(frozen=True, slots=True)
class CloseQuestion:
    """Which instrument's last close before which instant, preferably of which side."""

    instrument_id: int
    before: datetime
    side: str


async def closes_before(
    connection: Connection, feed: Feed, questions: Sequence[CloseQuestion]
) -> dict[int, float]:
    """By instrument the last close before an instant; absent where the week before it has none."""
    parameters = {
        "instruments": [question.instrument_id for question in questions],
        "before": [question.before for question in questions],
        "sides": [question.side for question in questions],
        "feed": feed.code,
        "within": REFERENCE_WITHIN,
        "sources": _ids_by_rank(feed),
    }
    async with connection.cursor() as cursor:
        await cursor.execute(_CLOSES, parameters)
        return dict(await cursor.fetchall())


def _ids_by_rank(feed: Feed) -> list[int]:
    sources = [source for source in SOURCES if source.feed is feed]
    return [source.id for source in sorted(sources, key=lambda source: source.rank)]
