"""Partitions of the plain PostgreSQL layout: made before rows need them, dropped when they are old.

Ticks and the inbox are kept by the day, candles by the month. A partition is attached, not created in
place: that takes no lock which readers or writers of its siblings would feel.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from market.clock import datetime_of
from market.sources import Feed

DAY_US = 86_400_000_000

Connection = psycopg.Connection[Any]


class TickPartitions:
    """Makes sure that the partitions exist which a batch is about to fill, once a process each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: set[str] = set()

    def ticks(self, feed: Feed, day: int) -> str:
        """The table for the ticks of a day (counted since 1970), made if it is new."""
        start = datetime_of(day * DAY_US)
        return self._ensure(f"ticks_{feed.value}", start, start + timedelta(days=1), f"{start:%Y%m%d}")

    def candles(self, feed: Feed, time_us: int) -> str:
        """The table for the candles of that instant's month, made if it is new."""
        start = datetime_of(time_us).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        end = (start + timedelta(days=32)).replace(day=1)
        return self._ensure(f"candles_{feed.value}", start, end, f"{start:%Y%m}")

    def _ensure(self, parent: str, start: datetime, end: datetime, suffix: str) -> str:
        name = f"{parent}_{suffix}"
        if name not in self._known:
            _attach(self._connection, parent, name, start.isoformat(), end.isoformat())
            self._known.add(name)
        return name


def ensure_inbox_days(connection: Connection, days: Iterable[date]) -> None:
    """Make the inbox's partitions for these days."""
    for day in days:
        end = day + timedelta(days=1)
        _attach(connection, "inbox", f"inbox_{day:%Y%m%d}", day.isoformat(), end.isoformat())


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
    """Drop the tick partitions of a feed that end before a day; their names."""
    return _drop(connection, f"ticks_{feed.value}", before)


def drop_inbox_before(connection: Connection, before: date) -> list[str]:
    """Drop the inbox days before `before` that every consumer has read to their end; their names.

    What no consumer has registered for, or has not read, stays.
    """
    unread = connection.execute(
        "SELECT min(inbox.day) FROM market.inbox"
        " JOIN market.inbox_partitions ON inbox_partitions.id = inbox.partition_id"
        " LEFT JOIN (SELECT partition_id, min(log_offset) AS log_offset FROM market.inbox_consumers"
        " GROUP BY partition_id) AS read ON read.partition_id = inbox.partition_id"
        " WHERE inbox.log_offset > coalesce(read.log_offset, -1) AND inbox.day < %s",
        (before,),
    ).fetchone()
    limit = unread[0] if unread is not None and unread[0] is not None else before
    return _drop(connection, "inbox", min(before, limit))


def _drop(connection: Connection, parent: str, before: date) -> list[str]:
    names = [
        name
        for (name,) in connection.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = to_regclass(%s) ORDER BY relname",
            (f"market.{parent}",),
        )
        if _day_of(name) < before
    ]
    for name in names:
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("market", name)))
    return names


def _day_of(name: str) -> date:
    return datetime.strptime(name.rsplit("_", 1)[1], "%Y%m%d").replace(tzinfo=UTC).date()
