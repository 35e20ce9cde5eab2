"""Partitions of the plain PostgreSQL layout: made before rows need them, dropped when they are old.

Ticks and the inbox are kept by the day, candles by the month; recorded ticks too, for files of years may
have few a day (one that was begun by the day goes on so). A partition is attached, not created in
place: that takes no lock which readers or writers of its siblings would feel.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from market.clock import datetime_of
from market.sources import Feed
from market.ticks import Int64s
from storage.backends import Backend, open_for_writing

DAY_US = 86_400_000_000
DROP_WITHIN_MS = 200

_DAY_DIGITS = 8

Connection = psycopg.Connection[Any]


class TickPartitions:
    """Makes the partitions that ticks and candles are about to fill, each once a process; TimescaleDB
    makes its own.

    To be called outside of a transaction: what a rollback takes away must not be thought to be there.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: set[str] = set()
        self._by_day: set[str] = set()
        self._needed = open_for_writing(connection) is Backend.PLAIN

    def ensure(self, feed: Feed, tick_times: Int64s, candle_times: Int64s) -> None:
        """Make the partitions for ticks and candles of these times (microseconds)."""
        if not self._needed:
            return
        tick_days = days_of(tick_times)
        for day in tick_days:
            start = datetime_of(day * DAY_US)
            if feed is not Feed.RECORDED or not self._is_of_a_month(start):
                self._attach("ticks", feed, tick_table(feed, day), start, start + timedelta(days=1))
        for day in {*tick_days, *days_of(candle_times)}:
            self._attach_month("candles", feed, datetime_of(day * DAY_US))

    def forget(self) -> None:
        """Look anew which there are: another process has dropped one."""
        self._known.clear()
        self._by_day.clear()

    def _is_of_a_month(self, day: datetime) -> bool:
        """Whether the recorded ticks of a day have their month's partition, made where it is missing.

        Not where days of that month have partitions of their own, from before there were months.
        """
        month = f"{day:%Y%m}"
        if month in self._by_day:
            return False
        try:
            self._attach_month("ticks", Feed.RECORDED, day)
        except psycopg.errors.InvalidObjectDefinition:  # it would overlap them
            self._by_day.add(month)
            return False
        return True

    def _attach_month(self, table: str, feed: Feed, day: datetime) -> None:
        start = day.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
        self._attach(table, feed, f"{table}_{feed.value}_{start:%Y%m}", start, end)

    def _attach(self, table: str, feed: Feed, name: str, start: datetime, end: datetime) -> None:
        if name not in self._known:
            parent = f"{table}_{feed.value}"
            _attach(self._connection, parent, name, start.isoformat(), end.isoformat())
            self._known.add(name)


def days_of(times: Int64s) -> list[int]:
    """The days (counted since 1970) of these times (microseconds), ascending, each once."""
    if not len(times):
        return []
    first, last = int(times.min()) // DAY_US, int(times.max()) // DAY_US
    # Nearly always so, and much faster than sorting them.
    if first == last:
        return [first]
    days: list[int] = np.unique(times // DAY_US).tolist()
    return days


def tick_table(feed: Feed, day: int) -> str:
    """The partition of the ticks of a day (counted since 1970), where they are kept by the day."""
    return f"ticks_{feed.value}_{datetime_of(day * DAY_US):%Y%m%d}"


def ensure_inbox_days(connection: Connection, feed: Feed, days: Iterable[date]) -> None:
    """Make the inbox's partitions of a feed for these days."""
    parent = f"inbox_{feed.value}"
    for day in days:
        end = day + timedelta(days=1)
        _attach(connection, parent, f"{parent}_{day:%Y%m%d}", day.isoformat(), end.isoformat())


def _attach(connection: Connection, parent: str, name: str, start: str, end: str) -> None:
    """Attach a partition unless it is there; safe against another process doing the same."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
        found = connection.execute("SELECT to_regclass(%s)", (f"market.{name}",)).fetchone()
        if found is not None and found[0] is not None:
            return
        table = sql.Identifier("market", name)
        parent_table = sql.Identifier("market", parent)
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, parent_table)
        )
        connection.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                parent_table, table, sql.Literal(start), sql.Literal(end)
            )
        )


def drop_ticks_before(connection: Connection, feed: Feed, before: date) -> list[str]:
    """Drop the tick partitions of a feed that end before a day, and note until when; their names."""
    return _drop(connection, f"ticks_{feed.value}", before, ticks_of=feed)


def drop_candles_before(connection: Connection, feed: Feed, before: date) -> list[str]:
    """Drop the candle partitions of a feed whose month ends before a day; their names."""
    return _drop(connection, f"candles_{feed.value}", before.replace(day=1))


def candles_from(connection: Connection, feed: Feed) -> date | None:
    """The first day of the oldest candle partition of a feed; None: there is none."""
    names = _partitions(connection, f"candles_{feed.value}")
    return min((_span_of(name)[0] for name in names), default=None)


def drop_inbox_before(connection: Connection, feed: Feed, before: date) -> list[str]:
    """Drop the inbox days of a feed before `before` that all its consumers have read; their names.

    A consumer that has read any partition of a feed reads all of it: what it has not begun, and what
    nobody reads, stays.
    """
    bounds = {"feed": feed.code, "before": before}
    unread = connection.execute(_FIRST_UNREAD, bounds).fetchone()
    limit = unread[0] if unread is not None and unread[0] is not None else before
    return _drop(connection, f"inbox_{feed.value}", min(before, limit))


_FIRST_UNREAD = """
    WITH parts AS (
        SELECT inbox_partitions.id FROM market.inbox_partitions
        JOIN market.sources ON sources.id = source_id WHERE feed = %(feed)s
    ), reading AS (
        SELECT DISTINCT consumer FROM market.inbox_consumers JOIN parts ON parts.id = partition_id
    ), read AS (
        SELECT parts.id AS partition_id,
            min(coalesce(inbox_consumers.log_offset, -1)) AS log_offset
        FROM parts LEFT JOIN reading ON true
        LEFT JOIN market.inbox_consumers ON inbox_consumers.consumer = reading.consumer
            AND inbox_consumers.partition_id = parts.id
        GROUP BY parts.id
    )
    SELECT min(day) FROM market.inbox JOIN read USING (partition_id)
    WHERE feed = %(feed)s AND inbox.log_offset > read.log_offset AND day < %(before)s
"""


def _drop(
    connection: Connection, parent: str, before: date, ticks_of: Feed | None = None
) -> list[str]:
    names = [name for name in _partitions(connection, parent) if _span_of(name)[1] <= before]
    return [name for name in names if _dropped(connection, name, ticks_of)]


def _partitions(connection: Connection, parent: str) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = to_regclass(%s) ORDER BY relname",
        (f"market.{parent}",),
    )
    return [name for (name,) in rows]


def _dropped(connection: Connection, name: str, ticks_of: Feed | None) -> bool:
    """Drop a partition unless somebody reads long beside it: writers would queue behind a drop that waits.

    What could not be dropped is left for the next time.
    """
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = {DROP_WITHIN_MS}")
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("market", name)))
            if ticks_of is not None:
                note_ended_ticks(connection, ticks_of, _span_of(name)[1])
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def note_ended_ticks(connection: Connection, feed: Feed, before: date | datetime) -> None:
    """Note that ticks of a feed have ended before a day or an instant; it never goes back."""
    if not isinstance(before, datetime):
        before = datetime(before.year, before.month, before.day, tzinfo=UTC)
    connection.execute(
        "INSERT INTO market.ended_ticks AS known VALUES (%s, %s) ON CONFLICT (feed) DO UPDATE"
        " SET before = greatest(known.before, excluded.before)",
        (feed.code, before),
    )


def _span_of(name: str) -> tuple[date, date]:
    """The first day of a partition and the first after it. Its name ends in its own: `…_20140501`,
    `…_201405` of a month."""
    suffix = name.rsplit("_", 1)[1]
    start = datetime.strptime(f"{suffix}01"[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    if len(suffix) == _DAY_DIGITS:
        return start, start + timedelta(days=1)
    return start, (start + timedelta(days=32)).replace(day=1)
