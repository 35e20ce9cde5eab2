"""Rollups with TimescaleDB: continuous aggregates, refreshed where we say, the days over the hours.

The extension knows by itself which minutes were written to, but only by time, and refreshes by its own
clock: we ask it for the windows that we have noted, so that both backends are exact by one rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from market.sources import Feed
from storage.rollup_marks import TouchedHour
from storage.rollup_tables import DAY, HOUR, day_of

HOLE = timedelta(days=1)
"""Touched hours so far apart are refreshed by one call: a call of its own costs 15 ms."""

Connection = psycopg.Connection[Any]


class RollupAggregates:
    """The continuous aggregates of one feed, over a connection that is in no transaction."""

    widest = timedelta(days=30)
    """How much is rolled up at one go: a call reads the chunks that it touches from end to end."""

    def __init__(self, connection: Connection, feed: Feed) -> None:
        self._connection = connection
        self._feed = feed

    def roll_up(self, start: datetime, end: datetime) -> None:
        """Make the hours of [start, end) of all instruments, from hour to hour."""
        self._call("candles_1h", start, end)

    def roll_up_days(self, start: datetime, end: datetime) -> None:
        """Make the days of [start, end) of all instruments from their hours, from day to day."""
        self._call("candles_1d", start, end)

    def refresh(self, touched: Sequence[TouchedHour], until: datetime) -> None:
        """Make these hours anew, and those of their days that end by `until`; nothing else.

        A window may hold hours that were not touched: the extension passes over them by its own notes.
        """
        hours = {item.hour for item in touched}
        for start, end in runs(hours, HOUR):
            self.roll_up(start, end)
        days = {day_of(hour) for hour in hours}
        for start, end in runs((day for day in days if day + DAY <= until), DAY):
            self.roll_up_days(start, end)

    def drop_before(self, before: datetime) -> None:
        """Drop the chunks that end by then."""
        for level in ("candles_1h", "candles_1d"):
            self._connection.execute(
                "SELECT drop_chunks(%s::regclass, %s::timestamptz)",
                (f"market.{level}_{self._feed.value}", before),
            )

    def _call(self, level: str, start: datetime, end: datetime) -> None:
        name = sql.Literal(f"market.{level}_{self._feed.value}")
        self._connection.execute(
            sql.SQL("CALL refresh_continuous_aggregate({}::regclass, {}, {})").format(
                name, sql.Literal(start), sql.Literal(end)
            )
        )


def runs(starts: Iterable[datetime], width: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The spans that these buckets of one width fill but for holes of at most `HOLE`, ascending."""
    start = end = None
    for bucket in sorted(set(starts)):
        if start is not None and end is not None and bucket - end > HOLE:
            yield start, end
            start = None
        start, end = start or bucket, bucket + width
    if start is not None and end is not None:
        yield start, end
