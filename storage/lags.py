"""How far each flow is behind the inbox, by what the flows have written down: live once a second."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from market.sources import SOURCES, Feed
from storage.errors import DatabaseUnavailableError
from storage.pools import Connection

CONNECT_TIMEOUT_S = 2
FLOWS = ("store", "live")


@dataclass(frozen=True, slots=True)
class Lag:
    """What a flow has not read of a partition: how many records, and for how many seconds the oldest of
    them has been there; zeros where it has read everything."""

    flow: str
    partition: str
    records: int
    seconds: float


async def lags(connection: Connection, feed: Feed) -> list[Lag]:
    """Of each flow and each partition of a feed's inbox. Looks at one record at each end of what is
    unread, however much that is."""
    async with connection.cursor(row_factory=class_row(Lag)) as cursor:
        await cursor.execute(_LAGS, _bounds(feed))
        return await cursor.fetchall()


def lag_census(url: str, feed: Feed) -> list[Lag]:
    """The same, over a connection of its own; DatabaseUnavailableError where the database does not
    answer."""
    try:
        with (
            psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection,
            connection.cursor(row_factory=class_row(Lag)) as cursor,
        ):
            return cursor.execute(_LAGS, _bounds(feed)).fetchall()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(str(error).strip()) from error


def _bounds(feed: Feed) -> dict[str, str | Sequence[str] | Sequence[int]]:
    sources = [source.id for source in SOURCES if source.feed is feed]
    return {"flows": list(FLOWS), "suffix": feed.value, "feed": feed.code, "sources": sources}


_LAGS = """
    SELECT flow, partition.name AS partition,
        coalesce(last.log_offset - next.log_offset + 1, 0) AS records,
        coalesce(greatest(extract(epoch FROM now() - next.received_at), 0), 0)::float8 AS seconds
    FROM market.inbox_partitions AS partition
    CROSS JOIN unnest(%(flows)s::text[]) AS flow
    LEFT JOIN market.inbox_consumers AS read
        ON read.partition_id = partition.id AND read.consumer = flow || '-' || %(suffix)s
    LEFT JOIN LATERAL (
        SELECT log_offset, received_at FROM market.inbox
        WHERE partition_id = partition.id AND feed = %(feed)s
            AND log_offset > coalesce(read.log_offset, -1)
        ORDER BY log_offset LIMIT 1
    ) AS next ON true
    LEFT JOIN LATERAL (
        SELECT log_offset FROM market.inbox
        WHERE partition_id = partition.id AND feed = %(feed)s
        ORDER BY log_offset DESC LIMIT 1
    ) AS last ON next.log_offset IS NOT NULL
    WHERE partition.source_id = ANY (%(sources)s) AND partition.name NOT LIKE 'file:%%'
    ORDER BY flow, partition
"""
