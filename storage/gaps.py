"""The book of gaps: entered with the record that showed them, asked for, settled."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import psycopg

from market.clock import datetime_of, microseconds
from market.gaps import Gap, GapCause, GapState
from market.sources import Feed, source_by_id, source_of
from storage.connecting import connect
from storage.errors import DatabaseUnavailableError

Connection = psycopg.Connection[Any]

REPAIRABLE = frozenset({"binance", "coinbase", "coingecko", "kraken"})
"""Providers that offer what was missed. A gap of any other is lost when it is found."""
ASK_AGAIN_AFTER = timedelta(minutes=1)
SETTLE_WITHIN = timedelta(minutes=10)
"""A gap is looked at so long after it ended or was asked for; later only by the upkeep."""
SHORT = timedelta(minutes=1)
"""Trades of so short a gap may come by themselves: they were late."""
COUNTED_AT_ONCE = 10
"""Ticks lie in the order of time alone, so that counting those of a long gap reads all of its time."""
MAX_OPEN = 100
"""Gaps that one look into the book gives at most."""
SLACK = timedelta(seconds=1)
"""How far the times of missing trades may lie outside of the gap: a venue's REST clock is not its
stream's."""

log = logging.getLogger(__name__)


def insert_gaps(connection: Connection, partition: int, offset: int, gaps: Sequence[Gap]) -> None:
    """Enter the gaps that a record showed, in the caller's transaction; each once."""
    if not gaps:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [_row(partition, offset, *gap) for gap in enumerate(gaps)])


def _row(partition: int, offset: int, item: int, gap: Gap) -> tuple[object, ...]:
    is_open = gap.source.provider in REPAIRABLE
    return (
        *(partition, offset, item, gap.source.id, gap.source.feed.code, gap.instrument, gap.cause),
        *(datetime_of(gap.start_us), datetime_of(gap.end_us), gap.first_id, gap.last_id),
        *(GapState.OPEN if is_open else GapState.LOST, is_open),
    )


_INSERT = """
    INSERT INTO market.gaps (partition_id, log_offset, item, source_id, feed, instrument_id, cause,
        start_at, end_at, first_id, last_id, state, settled_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN NULL ELSE now() END)
    ON CONFLICT (partition_id, log_offset, item) DO NOTHING
"""


def drop_gaps_before(connection: Connection, feed: Feed, before: date) -> None:
    """Forget the gaps of a feed that ended before a day."""
    connection.execute(
        "DELETE FROM market.gaps WHERE feed = %s AND end_at < %s", (feed.code, before)
    )


def settle(connection: Connection, *, thorough: bool = False) -> int:
    """Settle what has been filled; how many gaps stay open.

    Missing trades: every one of them is stored. Silence: it was asked for, and what was answered has
    been read. Unless `thorough`, of the missing trades only a few are counted that may well have come:
    those of short gaps, and of others that were asked for lately. Gaps that somebody else is looking at
    at the moment are left to him: nobody waits here.
    """
    bounds = {
        "lately": SETTLE_WITHIN,
        "short": SHORT,
        "slack": SLACK,
        "thorough": thorough,
        "limit": None if thorough else COUNTED_AT_ONCE,
    }
    connection.execute(_SETTLE_TRADES.encode(), bounds)
    connection.execute(_SETTLE_SILENCE.encode(), {})
    row = connection.execute("SELECT count(*) FROM market.gaps WHERE state = 'open'").fetchone()
    assert row is not None
    return int(row[0])


_ALL_STORED = """
    last_id - first_id + 1 = (
        SELECT count(DISTINCT seq) FROM market.ticks
        WHERE time BETWEEN start_at - %(slack)s AND end_at + %(slack)s
            AND instrument_id = gaps.instrument_id AND source_id = gaps.source_id
            AND kind = 't' AND feed = gaps.feed AND seq BETWEEN first_id AND last_id
    )
"""
"""Unknown where a gap names no trades."""

_ALL_READ = """
    NOT EXISTS (
        SELECT FROM market.inbox_partitions AS history
        JOIN market.inbox ON inbox.partition_id = history.id AND inbox.feed = gaps.feed
        WHERE history.source_id = gaps.source_id AND history.name LIKE '%%-backfill'
            AND inbox.received_at <= gaps.asked_at
            AND inbox.log_offset > coalesce((
                SELECT max(log_offset) FROM market.inbox_consumers
                WHERE partition_id = history.id AND consumer LIKE 'store-%%'
            ), -1)
    )
"""
"""What was answered when a gap was asked for has been read."""

_SETTLE_TRADES = f"""
    UPDATE market.gaps SET state = 'filled', settled_at = now()
    WHERE id = ANY (ARRAY(
            SELECT id FROM market.gaps
            WHERE state = 'open' AND first_id IS NOT NULL AND (
                %(thorough)s OR asked_at > now() - %(lately)s
                OR end_at - start_at < %(short)s AND end_at > now() - %(lately)s
            )
            ORDER BY random() LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ))
        AND {_ALL_STORED}
"""

_SETTLE_SILENCE = f"""
    UPDATE market.gaps SET state = 'filled', settled_at = now()
    WHERE id = ANY (ARRAY(
        SELECT id FROM market.gaps
        WHERE state = 'open' AND first_id IS NULL AND asked_at IS NOT NULL
        FOR UPDATE SKIP LOCKED
    )) AND {_ALL_READ}
"""


@dataclass(frozen=True, slots=True)
class _OpenGap:
    id: int
    source_id: int
    instrument_id: int | None
    cause: str
    start_at: datetime
    end_at: datetime
    first_id: int | None
    last_id: int | None

    def gap(self) -> Gap:
        return Gap(
            source_by_id(self.source_id),
            self.instrument_id,
            GapCause(self.cause),
            microseconds(self.start_at),
            microseconds(self.end_at),
            self.first_id,
            self.last_id,
        )


class GapBook:
    """The book as those see it who ask for what is missing; see `connectors.repairing.GapBook`.

    A database that is away is no error here: the book seems empty, what is said is not written down, and
    the gap is asked for again.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
        """The oldest open gaps with their ids, that were not asked for yet, or a minute ago and what was
        answered has been read."""
        facts = {
            "source": source_of(provider, feed).id,
            "rest": ASK_AGAIN_AFTER,
            "limit": MAX_OPEN,
        }
        rows = await asyncio.to_thread(self._execute, _OPEN, facts)
        return [(gap.id, gap.gap()) for gap in (_OpenGap(*row) for row in rows)]

    async def asked(self, gap_id: int) -> None:
        """All of it was asked for, and the answers are in the log."""
        await asyncio.to_thread(self._execute, _ASKED, {"id": gap_id})

    async def lost(self, gap_id: int) -> None:
        """The provider does not offer it; filled all the same where all of it has come meanwhile."""
        await asyncio.to_thread(self._execute, _LOST, {"id": gap_id, "slack": SLACK})

    def _execute(self, statement: str, facts: Mapping[str, object]) -> list[tuple[Any, ...]]:
        try:
            with connect(self._database_url) as connection:
                cursor = connection.execute(statement.encode(), facts)
                return cast("list[tuple[Any, ...]]", cursor.fetchall())
        except (psycopg.OperationalError, DatabaseUnavailableError) as error:
            log.warning("the book of gaps cannot be reached: %s", error)
            return []


_OPEN = f"""
    SELECT id, source_id, instrument_id, cause, start_at, end_at, first_id, last_id
    FROM market.gaps
    WHERE state = 'open' AND source_id = %(source)s
        AND (asked_at IS NULL OR asked_at < now() - %(rest)s AND {_ALL_READ})
    ORDER BY id LIMIT %(limit)s
"""
_ASKED = """
    UPDATE market.gaps SET asked_at = now() WHERE id = %(id)s AND state = 'open' RETURNING id
"""
_LOST = f"""
    UPDATE market.gaps SET settled_at = now(), state = CASE WHEN {_ALL_STORED}
        THEN 'filled' ELSE 'lost' END
    WHERE id = %(id)s AND state = 'open' RETURNING id
"""
