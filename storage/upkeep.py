"""Upkeep: partitions for the days ahead, and the end of what has been kept long enough.

On TimescaleDB ticks and candles end by its own policies, which are kept equal to the settings here.
"""

import datetime

import structlog

from market.sources import Feed
from storage import books
from storage.backends import Backend, backend_of
from storage.connecting import Connection, connect
from storage.gaps import drop_gaps_before, settle
from storage.keeping import Keeping, chunks_from, keep_policies
from storage.partitions import (
    candles_from,
    drop_candles_before,
    drop_inbox_before,
    drop_ticks_before,
    ensure_inbox_days,
)
from storage.rollups import drop_rollups_before

INBOX_DAYS = 2

log = structlog.get_logger(__name__)


def keep_up(database_url: str, feed: Feed) -> None:
    """Make tomorrow's inbox partition of a feed, drop what is read, and put the books in order."""
    today = _today()
    with connect(database_url) as connection:
        ensure_inbox_days(connection, feed, [today, today + datetime.timedelta(days=1)])
        dropped = drop_inbox_before(connection, feed, today - datetime.timedelta(days=INBOX_DAYS))
        books.fold(connection)
        settle(connection, thorough=True)
    _tell(dropped)


def end_old(database_url: str, keeping: Keeping) -> None:
    """End what has been kept long enough, of every feed; on TimescaleDB, have its policies do it.

    Safe to be called from several processes: one works, the others return.
    """
    today, dropped = _today(), list[str]()
    with connect(database_url) as connection:
        row = connection.execute(f"SELECT pg_try_advisory_lock({_LOCK})").fetchone()
        if row is None or not row[0]:
            return
        try:
            for feed in Feed:
                dropped += _end_old(connection, feed, keeping, today)
        finally:
            if not connection.broken:
                connection.execute(f"SELECT pg_advisory_unlock({_LOCK})")
    _tell(dropped)


_LOCK = "hashtext('end of what is old')"


def _end_old(
    connection: Connection, feed: Feed, keeping: Keeping, today: datetime.date
) -> list[str]:
    """End what has been kept long enough; the names of the partitions that went."""
    ticks_since = _since(today, keeping.tick_days(feed))
    candles_since = _since(today, keeping.candle_days(feed))
    if feed is Feed.SIMULATED and ticks_since is not None:
        books.drop_quarantine_before(connection, feed, ticks_since)
        drop_gaps_before(connection, feed, ticks_since)
    dropped: list[str] = []
    plain = backend_of(connection) is Backend.PLAIN
    if not plain:
        keep_policies(connection, feed, keeping)
    elif ticks_since is not None:
        dropped += drop_ticks_before(connection, feed, ticks_since)
    if candles_since is not None:
        if plain:
            dropped += drop_candles_before(connection, feed, candles_since)
        # Minutes go by whole partitions: those that are still there keep their rollups.
        oldest = candles_from(connection, feed) if plain else chunks_from(connection, feed)
        drop_rollups_before(connection, feed, min(candles_since, oldest or candles_since))
    return dropped


def _since(today: datetime.date, days: int | None) -> datetime.date | None:
    """The first day that is kept; None: all are."""
    return None if days is None else today - datetime.timedelta(days=days)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _tell(dropped: list[str]) -> None:
    if dropped:
        log.info("dropped", partitions=dropped)
