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
from storage.keeping import Keeping, keep_policies
from storage.partitions import (
    drop_candles_before,
    drop_inbox_before,
    drop_ticks_before,
    ensure_inbox_days,
)
from storage.rollups import drop_rollups_before

INBOX_DAYS = 2

log = structlog.get_logger(__name__)


def keep_up(database_url: str, feed: Feed, keeping: Keeping) -> None:
    """Make tomorrow's inbox partition of a feed; drop what is read, and what is old enough."""
    today = datetime.datetime.now(datetime.UTC).date()
    with connect(database_url) as connection:
        ensure_inbox_days(connection, feed, [today, today + datetime.timedelta(days=1)])
        dropped = drop_inbox_before(connection, feed, today - datetime.timedelta(days=INBOX_DAYS))
        books.fold(connection)
        settle(connection, thorough=True)
        dropped += _drop_old(connection, feed, keeping, today)
    if dropped:
        log.info("dropped", partitions=dropped)


def _drop_old(
    connection: Connection, feed: Feed, keeping: Keeping, today: datetime.date
) -> list[str]:
    """End what has been kept long enough; the names of the partitions that went."""
    ticks_from = _since(today, keeping.tick_days(feed))
    candles_from = _since(today, keeping.candle_days(feed))
    if feed is Feed.SIMULATED and ticks_from is not None:
        books.drop_quarantine_before(connection, feed, ticks_from)
        drop_gaps_before(connection, feed, ticks_from)
    if candles_from is not None:
        drop_rollups_before(connection, feed, candles_from)  # before what they are made of
    if backend_of(connection) is Backend.TIMESCALEDB:
        keep_policies(connection, feed, keeping)
        return []
    dropped: list[str] = []
    if ticks_from is not None:
        dropped += drop_ticks_before(connection, feed, ticks_from)
    if candles_from is not None:
        dropped += drop_candles_before(connection, feed, candles_from)
    return dropped


def _since(today: datetime.date, days: int | None) -> datetime.date | None:
    """The first day that is kept; None: all are."""
    return None if days is None else today - datetime.timedelta(days=days)
