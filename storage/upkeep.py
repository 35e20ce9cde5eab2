"""Upkeep: partitions for the days ahead, and the end of what has been kept long enough."""

import datetime

import structlog

from market.sources import Feed
from storage import books
from storage.connecting import Connection, connect
from storage.gaps import drop_gaps_before, settle
from storage.partitions import (
    drop_candles_before,
    drop_inbox_before,
    drop_ticks_before,
    ensure_inbox_days,
)

INBOX_DAYS = 2
SIMULATED_DAYS = 2
SIMULATED_CANDLE_DAYS = 31

log = structlog.get_logger(__name__)


def keep_up(database_url: str, feed: Feed) -> None:
    """Make tomorrow's inbox partition of a feed; drop what is read and, where simulated, what is old."""
    today = datetime.datetime.now(datetime.UTC).date()
    with connect(database_url) as connection:
        ensure_inbox_days(connection, feed, [today, today + datetime.timedelta(days=1)])
        dropped = drop_inbox_before(connection, feed, today - datetime.timedelta(days=INBOX_DAYS))
        books.fold(connection)
        settle(connection, thorough=True)
        if feed is Feed.SIMULATED:
            dropped += _drop_simulated(connection, today)
    if dropped:
        log.info("dropped", partitions=dropped)


def _drop_simulated(connection: Connection, today: datetime.date) -> list[str]:
    oldest = today - datetime.timedelta(days=SIMULATED_DAYS)
    oldest_candle = today - datetime.timedelta(days=SIMULATED_CANDLE_DAYS)
    books.drop_quarantine_before(connection, Feed.SIMULATED, oldest)
    drop_gaps_before(connection, Feed.SIMULATED, oldest)
    return [
        *drop_ticks_before(connection, Feed.SIMULATED, oldest),
        *drop_candles_before(connection, Feed.SIMULATED, oldest_candle),
    ]
