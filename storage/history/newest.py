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

_MINUTE = timedelta(minutes=1)

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
SELECT instrument_id, letter::text, minute, source_id FROM newest
"""
# The span of all minutes beside each one's: the planner leaves all other partitions out.
_OF_MINUTES = """
FROM unnest(
    %(instruments)s::int[], %(letters)s::"char"[], %(minutes)s::timestamptz[], %(sources)s::smallint[]
) AS recent (instrument_id, letter, minute, source_id)
CROSS JOIN LATERAL (
    SELECT t.time, t.instrument_id, t.source_id, t.kind, t.seq, t.bid, t.ask, t.price, t.size
    FROM market.ticks t
    WHERE t.feed = %(feed)s AND t.instrument_id = recent.instrument_id
      AND t.source_id = recent.source_id AND t.time >= %(first)s AND t.time <= %(latest)s
      AND t.time >= recent.minute AND t.time < recent.minute + interval '1 minute'
      AND (t.kind = 'q') = (recent.letter = 'm')
    ORDER BY t.time DESC, t.seq DESC LIMIT 1
) AS tick
"""
_TICKS = f"SELECT tick.* {_OF_MINUTES}"

_RECENT_AT = """
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
)
SELECT instrument_id, letter::text, minute, source_id FROM recent WHERE place <= 2
"""
_TICKS_AT = f"""
WITH newest AS (
    SELECT DISTINCT ON (recent.instrument_id, letter, recent.source_id) letter, tick.*
    {_OF_MINUTES}
    ORDER BY recent.instrument_id, letter, recent.source_id, recent.minute DESC
), elected AS (
    SELECT DISTINCT ON (instrument_id) instrument_id, source_id
    FROM (
        SELECT *, max(time) OVER (PARTITION BY instrument_id) AS last FROM newest
    ) AS known
    WHERE time >= last - %(within)s
    ORDER BY instrument_id, array_position(%(ranked)s::smallint[], source_id)
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
    return await _ticks(connection, (_NEWEST, _TICKS), parameters)


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
    return await _ticks(connection, (_RECENT_AT, _TICKS_AT), parameters, at)


async def _ticks(
    connection: Connection,
    statements: tuple[LiteralString, LiteralString],
    parameters: Mapping[str, object],
    at: datetime | None = None,
) -> list[Tick]:
    """The ticks that the second statement takes from the minutes that the first one finds."""
    minutes = await (await connection.execute(statements[0], parameters)).fetchall()
    if not minutes:
        return []
    instruments, letters, starts, sources = zip(*minutes, strict=True)
    found = {
        "instruments": list(instruments),
        "letters": list(letters),
        "minutes": list(starts),
        "sources": list(sources),
        "ranked": parameters["sources"],
        "first": min(starts),
        "latest": max(starts) + _MINUTE if at is None else min(max(starts) + _MINUTE, at),
    }
    async with connection.cursor(row_factory=class_row(_ExactTick)) as cursor:
        # Never as a prepared one, whose plan would be for any time, and thus of all partitions.
        await cursor.execute(statements[1], {**parameters, **found}, prepare=False)
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
