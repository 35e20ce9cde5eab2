"""The newest ticks that the database has, now or as of an instant, exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from market.clock import microseconds
from market.sources import Feed, ids_by_rank
from market.ticks import Tick
from storage.pools import Connection

ELECTED_WITHIN = timedelta(minutes=5)
"""How far behind the newest of all a source's last candle may lie for it to be elected."""

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


_NEWEST_AT = """
WITH recent AS (
    SELECT wanted.instrument_id, side.letter, candle.minute, candle.source_id,
        row_number() OVER (
            PARTITION BY wanted.instrument_id, side.letter, candle.source_id
            ORDER BY candle.minute DESC
        ) AS place
    FROM unnest(%(instruments)s::int[]) AS wanted (instrument_id)
    CROSS JOIN unnest('{m,t}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT time, source_id FROM market.candles
        WHERE instrument_id = wanted.instrument_id AND side = side.letter AND feed = %(feed)s
          AND time <= %(at)s AND ticks > 0 AND source_id = ANY(%(sources)s::smallint[])
        ORDER BY time DESC LIMIT 64
    ) AS candle (minute, source_id)
), newest AS (
    SELECT DISTINCT ON (recent.instrument_id, letter, recent.source_id) letter, tick.*
    FROM recent CROSS JOIN LATERAL (
        SELECT t.time, t.instrument_id, t.source_id, t.kind, t.seq, t.bid, t.ask, t.price, t.size
        FROM market.ticks t
        WHERE t.feed = %(feed)s AND t.instrument_id = recent.instrument_id
          AND t.source_id = recent.source_id
          AND t.time >= recent.minute AND t.time < recent.minute + interval '1 minute'
          AND t.time <= %(at)s AND (t.kind = 'q') = (recent.letter = 'm')
        ORDER BY t.time DESC, t.seq DESC LIMIT 1
    ) AS tick
    WHERE place <= 2
    ORDER BY recent.instrument_id, letter, recent.source_id, recent.minute DESC
), elected AS (
    SELECT DISTINCT ON (instrument_id) instrument_id, source_id
    FROM (
        SELECT *, max(time) OVER (PARTITION BY instrument_id) AS last FROM newest
    ) AS known
    WHERE time >= last - %(within)s
    ORDER BY instrument_id, array_position(%(sources)s::smallint[], source_id)
)
SELECT time, instrument_id, source_id, kind, seq, bid, ask, price, size
FROM newest JOIN elected USING (instrument_id, source_id)
"""
"""The minute of the instant may hold nothing but later ticks: then the one before it counts."""


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
        "sources": ids_by_rank(feed),
        "within": ELECTED_WITHIN,
    }
    return await _ticks(connection, _NEWEST, parameters)


async def newest_ticks_at(
    connection: Connection,
    feed: Feed,
    instrument_ids: Sequence[int],
    at: datetime,
    source_id: int | None = None,
) -> list[Tick]:
    """The newest quote and the newest trade or rate of each instrument that are no later than `at`.

    Both are exact and of one source: `source_id`, or else the best-ranked of those whose newest tick is
    at most some minutes older than anybody's. A tick counts by its own time, also if it came late.
    """
    parameters = {
        "feed": feed.code,
        "instruments": list(instrument_ids),
        "sources": ids_by_rank(feed) if source_id is None else [source_id],
        "within": ELECTED_WITHIN,
        "at": at,
    }
    return await _ticks(connection, _NEWEST_AT, parameters)


async def _ticks(
    connection: Connection, statement: LiteralString, parameters: Mapping[str, object]
) -> list[Tick]:
    async with connection.cursor(row_factory=class_row(_ExactTick)) as cursor:
        await cursor.execute(statement, parameters)
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
