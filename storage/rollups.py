"""Keeps the candles of an hour and of a day up with those of a minute, in pieces that can be killed.

New hours are rolled up once they have ended, older ones again where something was written to them.
What a reader may take from the rollups is told by the marks and notes, at every instant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import psycopg

from market.sources import Feed
from storage.backends import Backend, backend_of
from storage.connecting import connect
from storage.errors import DatabaseUnavailableError
from storage.rollup_aggregates import RollupAggregates
from storage.rollup_marks import (
    Marks,
    TouchedHour,
    forget,
    marks,
    set_until,
    touched_hours,
    watch,
)
from storage.rollup_tables import DAY, HOUR, RollupTables, day_of

SETTLED = timedelta(minutes=5)
"""How long ago an hour has ended before it is rolled up: latecomers within it cost nothing."""
TOUCHED_AT_ONCE = 5_000
"""Touched hours of one piece: 300,000 minutes a side."""
PIECES = 50

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did. `more`: it stopped at its bound; `busy`: another was at work, it did nothing.

    `until` is the new mark, `rolled_up` how many hours it advanced over (those without candles not
    counted), `touched` the hours that were made anew.
    """

    until: datetime | None
    rolled_up: int = 0
    touched: tuple[TouchedHour, ...] = ()
    more: bool = False
    busy: bool = False


class Rollups(Protocol):
    """What the two backends do alike."""

    widest: timedelta

    def roll_up(self, start: datetime, end: datetime) -> None: ...
    def roll_up_days(self, start: datetime, end: datetime) -> None: ...
    def refresh(self, touched: list[TouchedHour], until: datetime) -> None: ...
    def drop_before(self, before: datetime) -> None: ...


def refresh(
    database_url: str, feed: Feed, *, pieces: int = PIECES, now: datetime | None = None
) -> Refreshed:
    """Roll up what has ended and refresh what was touched, in at most so many pieces of each.

    Each piece is committed with its mark: killed anywhere, the next call goes on. Safe to be called
    from several processes; one works, the others return. `now` is the database's own time by default.
    DatabaseUnavailableError where the database went away.
    """
    try:
        with connect(database_url) as connection, _alone(connection, feed) as alone:
            if not alone:
                return Refreshed(None, busy=True)
            connection.execute("SET TIME ZONE 'UTC'")  # days and hours are those of its answers
            return _refresh(connection, feed, pieces, now or _now(connection))
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseUnavailableError(str(error).strip()) from error


def drop_rollups_before(connection: Connection, feed: Feed, before: date) -> None:
    """Drop the rollups of a feed before a day, as the candles they are made of are about to be."""
    start = datetime(before.year, before.month, before.day, tzinfo=UTC)
    rollups_of(connection, feed).drop_before(start)
    connection.execute(
        "DELETE FROM market.touched_hours WHERE feed = %s AND hour < %s", (feed.code, start)
    )


def rollups_of(connection: Connection, feed: Feed) -> Rollups:
    """The rollups of a feed as this database keeps them."""
    if backend_of(connection) is Backend.TIMESCALEDB:
        return RollupAggregates(connection, feed)
    return RollupTables(connection, feed)


def _refresh(connection: Connection, feed: Feed, pieces: int, now: datetime) -> Refreshed:
    rollups = rollups_of(connection, feed)
    marked = watch(connection, feed, _hour_of(now - SETTLED))
    rolled_up, redone = 0, list[TouchedHour]()
    for _ in range(pieces):
        rolled_up += _advance(connection, feed, rollups, marked)
        marked = marks(connection, feed) or marked
        touched = _refresh_touched(connection, feed, rollups, marked)
        redone += touched
        if marked.until == marked.watched and len(touched) < TOUCHED_AT_ONCE:
            return Refreshed(marked.until, rolled_up, tuple(redone))
    return Refreshed(marked.until, rolled_up, tuple(redone), more=True)


def _refresh_touched(
    connection: Connection, feed: Feed, rollups: Rollups, marked: Marks
) -> list[TouchedHour]:
    """Make a piece of the touched hours anew; those that are not rolled up yet keep their note."""
    if marked.until is None:
        return []
    touched = touched_hours(connection, feed, marked.until, TOUCHED_AT_ONCE)
    if touched:
        rollups.refresh(touched, marked.until)
        forget(connection, feed, touched)
    return touched


def _advance(connection: Connection, feed: Feed, rollups: Rollups, marked: Marks) -> int:
    """Roll up the next piece of what is watched and move the mark behind it; how many hours."""
    since, end = marked.until, marked.watched
    if since is not None and since >= end:
        return 0
    first = _first_hour(connection, feed, since, end)
    if first is not None:
        end = min(end, day_of(first) + rollups.widest)
        rollups.roll_up(first, end)
    for day, day_end in _days_over(since, first, end):
        rollups.roll_up_days(day, day_end)
    set_until(connection, feed, end)
    return 0 if first is None else (end - first) // HOUR


def _days_over(
    since: datetime | None, first: datetime | None, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The spans of whole days that are over by `end` and were not by `since`, of which hours are kept.

    Between `since` and `first`, the first hour that has candles, lies nothing but the day of `since`.
    """
    over = day_of(end)
    begun = None if since is None else day_of(since)
    if begun is not None and begun + DAY <= over and begun != since:
        yield begun, begun + DAY
    if first is not None:
        start = day_of(first) + (DAY if day_of(first) == begun and begun != since else timedelta())
        if start < over:
            yield start, over


def _first_hour(
    connection: Connection, feed: Feed, since: datetime | None, end: datetime
) -> datetime | None:
    """The hour of the first candle in [since, end)."""
    row = connection.execute(_FIRST, {"feed": feed.code, "since": since, "end": end}).fetchone()
    return None if row is None or row[0] is None else _hour_of(row[0])


# Instrument by instrument, along the key: there is no other that begins with the time.
_FIRST = """
    SELECT min(first.time)
    FROM market.instruments CROSS JOIN unnest('{m,b,a,t}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT time FROM market.candles
        WHERE feed = %(feed)s AND instrument_id = instruments.id AND side = side.letter
          AND time >= coalesce(%(since)s, '-infinity'::timestamptz) AND time < %(end)s
        ORDER BY time LIMIT 1
    ) AS first
"""


def _hour_of(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def _now(connection: Connection) -> datetime:
    row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


_LOCK = "hashtext('rollup refresh'), ascii(%s)"


@contextmanager
def _alone(connection: Connection, feed: Feed) -> Iterator[bool]:
    """Whether nobody else refreshes this feed, nor will for the time of the block.

    The lock belongs to the server's side of the connection: a statement that outlives its client
    still has it.
    """
    key = feed.code
    row = connection.execute(f"SELECT pg_try_advisory_lock({_LOCK})", (key,)).fetchone()
    alone = row is not None and bool(row[0])
    try:
        yield alone
    finally:
        if alone and not connection.broken:
            # Not left to the end of the connection, which the server may notice after the next call.
            connection.execute(f"SELECT pg_advisory_unlock({_LOCK})", (key,))
