"""What a reader may ask of the quarantine: how much was set aside and why, and the newest of it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from market.sources import SOURCES, Feed
from storage.pools import Connection


@dataclass(frozen=True, slots=True)
class QuarantineQuery:
    """What a feed's quarantine took in within [start, end); None: any. `limit` and `skip` page through
    the rows; the counts regard neither."""

    feed: Feed
    start: datetime
    end: datetime
    provider: str | None = None
    instrument_id: int | None = None
    reason: str | None = None
    limit: int = 100
    skip: int = 0


@dataclass(frozen=True, slots=True)
class QuarantineCount:
    """How often a reason was given to what a source said of an instrument (None: it said not which)."""

    reason: str
    source_id: int
    instrument_id: int | None
    count: int
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One thing that was set aside: `time` is its own, `set_aside_at` when that was."""

    partition: str
    log_offset: int
    item: int
    reason: str
    time: datetime | None
    instrument_id: int | None
    source_id: int
    excerpt: str
    set_aside_at: datetime


_WHERE = """
    WHERE feed = %(feed)s AND set_aside_at >= %(start)s AND set_aside_at < %(end)s
      AND (%(sources)s::smallint[] IS NULL OR quarantine.source_id = ANY (%(sources)s))
      AND (%(instrument_id)s::int IS NULL OR instrument_id = %(instrument_id)s)
      AND (%(reason)s::text IS NULL OR reason = %(reason)s)
"""
_COUNTS = f"""
    SELECT reason, source_id, instrument_id, count(*) AS count, max(set_aside_at) AS newest_at
    FROM market.quarantine {_WHERE}
    GROUP BY reason, source_id, instrument_id
    ORDER BY count DESC, reason, source_id, instrument_id
""".encode()
_ROWS = f"""
    SELECT name AS partition, log_offset, item, reason, time, instrument_id,
        quarantine.source_id, excerpt, set_aside_at
    FROM market.quarantine JOIN market.inbox_partitions ON inbox_partitions.id = partition_id {_WHERE}
    ORDER BY set_aside_at DESC, partition_id DESC, log_offset DESC, item DESC
    LIMIT %(limit)s OFFSET %(skip)s
""".encode()


async def quarantine_counts(
    connection: Connection, query: QuarantineQuery
) -> list[QuarantineCount]:
    """How much was set aside by reason, source and instrument, the most frequent first."""
    async with connection.cursor(row_factory=class_row(QuarantineCount)) as cursor:
        await cursor.execute(_COUNTS, _parameters(query))
        return await cursor.fetchall()


async def quarantine_rows(connection: Connection, query: QuarantineQuery) -> list[QuarantineRow]:
    """One page of what was set aside, the newest first."""
    async with connection.cursor(row_factory=class_row(QuarantineRow)) as cursor:
        await cursor.execute(_ROWS, _parameters(query))
        return await cursor.fetchall()


def _parameters(query: QuarantineQuery) -> dict[str, object]:
    sources = [
        source.id
        for source in SOURCES
        if source.feed is query.feed and source.provider == query.provider
    ]
    return {
        "feed": query.feed.code,
        "start": query.start,
        "end": query.end,
        "sources": None if query.provider is None else sources,
        "instrument_id": query.instrument_id,
        "reason": query.reason,
        "limit": query.limit,
        "skip": query.skip,
    }
