"""Upkeep: partitions for the days ahead, and the end of what has been kept long enough."""

import datetime

import structlog

from market.sources import Feed
from storage.connecting import connect
from storage.partitions import drop_inbox_before, drop_ticks_before, ensure_inbox_days

INBOX_DAYS = 2
SIMULATED_DAYS = 2

log = structlog.get_logger(__name__)


def keep_up(database_url: str, simulated: bool) -> None:
    """Make tomorrow's inbox partition; drop inbox days that all have read, and old simulated ticks."""
    today = datetime.datetime.now(datetime.UTC).date()
    day = datetime.timedelta(days=1)
    with connect(database_url) as connection:
        ensure_inbox_days(connection, [today, today + day])
        dropped = drop_inbox_before(connection, today - INBOX_DAYS * day)
        if simulated:
            dropped += drop_ticks_before(connection, Feed.SIMULATED, today - SIMULATED_DAYS * day)
    if dropped:
        log.info("dropped", partitions=dropped)
