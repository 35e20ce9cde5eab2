"""What a reader may ask of the book of gaps: what was missed, by whom, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from market.gaps import GapCause, GapState
from market.sources import SOURCES, Feed
from storage.pools import Connection


@dataclass(frozen=True, slots=True)
class GapRow:
    """One gap; `missing` is how many trades it lacks, None where nobody can count them."""

    id: int
    source_id: int
    instrument_id: int | None
    cause: str
    state: str
    start_at: datetime
    end_at: datetime
    first_id: int | None
    last_id: int | None
    missing: int | None
    asked_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class GapQuery:
    """Gaps of a feed that touch [start, end); None: any. `skip` and `limit` page through them."""

    feed: Feed
    start: datetime
    end: datetime
    provider: str | None = None
    instrument_id: int | None = None
    state: GapState | None = None
    cause: GapCause | None = None
    limit: int = 100
    skip: int = 0


_WHERE = """
    WHERE feed = %(feed)s AND start_at < %(end)s AND end_at >= %(start)s
      AND (%(sources)s::smallint[] IS NULL OR source_id = ANY (%(sources)s))
      AND (%(instrument_id)s::int IS NULL OR instrument_id = %(instrument_id)s)
      AND (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(cause)s::text IS NULL OR cause = %(cause)s)
"""
_LIST = f"""
    SELECT id, source_id, instrument_id, cause, state, start_at, end_at, first_id, last_id,
        last_id - first_id + 1 AS missing, asked_at, settled_at
    FROM market.gaps {_WHERE}
    ORDER BY start_at DESC, id DESC LIMIT %(limit)s OFFSET %(skip)s
""".encode()
_COUNT = f"SELECT count(*) FROM market.gaps {_WHERE}".encode()


async def gaps(connection: Connection, query: GapQuery) -> list[GapRow]:
    """One page of the gaps, the newest first."""
    async with connection.cursor(row_factory=class_row(GapRow)) as cursor:
        await cursor.execute(_LIST, _parameters(query))
        return await cursor.fetchall()


async def count_gaps(connection: Connection, query: GapQuery) -> int:
    """How many gaps all pages hold."""
    async with connection.cursor() as cursor:
        await cursor.execute(_COUNT, _parameters(query))
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


def _parameters(query: GapQuery) -> dict[str, object]:
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
        "state": query.state,
        "cause": query.cause,
        "limit": query.limit,
        "skip": query.skip,
    }
