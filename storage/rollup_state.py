"""Which rollups may be read: those of whole hours and days that nothing was written to since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from market.sources import Feed
from storage.pools import Connection

UNTIL = 'SELECT until FROM market.rollup_marks WHERE feed = %(feed)s::"char"'
"""Hours and days that end by then have rollups, or no minutes at all. NULL or no row: none has."""
TOUCHED = """
    SELECT DISTINCT hour FROM market.touched_hours
    WHERE feed = %(feed)s::"char" AND instrument_id = %(instrument_id)s
      AND hour >= %(start)s AND hour < %(end)s
"""
"""The hours of an instrument whose rollups, and whose day's, are old: to be read as minutes."""


@dataclass(frozen=True, slots=True)
class RollupState:
    """Until when an instrument's rollups are whole, but for the touched hours (ascending)."""

    until: datetime | None
    touched: tuple[datetime, ...]


async def rollup_state(
    connection: Connection, feed: Feed, instrument_id: int, start: datetime, end: datetime
) -> RollupState:
    """Which rollups of an instrument may be read; its touched hours of [start, end).

    To be asked before the rollups are read, or in the same snapshot: then they hold at least all that
    was committed when it was asked. `start` is the beginning of an hour, or of the day of a rollup.
    """
    parameters = {"feed": feed.code, "instrument_id": instrument_id, "start": start, "end": end}
    async with connection.cursor() as cursor:
        await cursor.execute(_STATE, parameters)
        rows: Sequence[tuple[datetime | None, list[datetime]]] = await cursor.fetchall()
    until, touched = rows[0]
    return RollupState(until, tuple(touched))


_STATE = f"SELECT ({UNTIL}), ARRAY({TOUCHED} ORDER BY hour)".encode()
