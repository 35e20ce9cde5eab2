"""Which hours are rolled up, and which of those have been written to since.

A writer notes in its transaction the hours below the mark `watched` that it writes to. The refresher
first moves `watched` ahead, which waits for every transaction that went by the old one; then it rolls
up the hours below; then it moves `until` after it. So no write to a rolled-up hour goes unnoted,
whatever is killed, and a note goes only where nothing was added to it since it was read.

A reader takes the rollup of an hour or a day of an instrument where it ends by `until` and none of its
hours is noted, and the minutes elsewhere. It asks for marks and notes in one statement, before the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from market.bars import BarBatch
from market.clock import datetime_of, microseconds
from market.sources import Feed
from storage.candles import Bucket

HOUR_US = 3_600_000_000

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Marks:
    """Hours that end by `until` are rolled up; writes below `watched`, never less, are noted."""

    watched: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class TouchedHour:
    """An hour of one instrument from one source whose rollups are old; `touch` grows with each write."""

    hour: datetime
    instrument_id: int
    source_id: int
    touch: int


class Touches:
    """The candles that one transaction writes: which of the rolled-up hours they lie in is noted."""

    def __init__(self) -> None:
        self._keys: dict[Feed, list[npt.NDArray[np.int64]]] = defaultdict(list)

    def bars(self, feed: Feed, bars: BarBatch) -> None:
        """These one-minute candles are written."""
        if len(bars):
            self._keys[feed].append(np.stack([bars.time, bars.instrument, bars.source]))

    def buckets(self, feed: Feed, buckets: Iterable[Bucket]) -> None:
        """The candles of these buckets are made anew."""
        keys = [(bucket.time_us, bucket.instrument, bucket.source) for bucket in buckets]
        if keys:
            self._keys[feed].append(np.array(keys, np.int64).T)

    def record(self, connection: Connection) -> None:
        """Note what of it is watched, in the caller's transaction: best as the last thing in it.

        One round trip where nothing is. From here to the transaction's end no mark moves.
        """
        for feed, arrays in self._keys.items():
            watched_us = _watched_us(connection, feed)
            old = [keys[:, keys[0] < watched_us] for keys in arrays]
            if any(keys.size for keys in old):
                _note(connection, feed, np.concatenate(old, axis=1))


def _watched_us(connection: Connection, feed: Feed) -> int:
    row = connection.execute('SELECT market.watched_until(%s::"char")', (feed.code,)).fetchone()
    return 0 if row is None or row[0] is None else microseconds(row[0])


def _note(connection: Connection, feed: Feed, keys: npt.NDArray[np.int64]) -> None:
    hours = keys[0] - keys[0] % HOUR_US
    # Ascending: two writers that note the same hours wait in no circle.
    noted = np.unique(np.stack([keys[1], hours, keys[2]]), axis=1)
    connection.execute(
        "INSERT INTO market.touched_hours (feed, instrument_id, hour, source_id)"
        " SELECT %s, * FROM unnest(%s::int[], %s::timestamptz[], %s::smallint[])"
        " ON CONFLICT (feed, instrument_id, hour, source_id) DO UPDATE SET touch = excluded.touch",
        (
            feed.code,
            noted[0].tolist(),
            [datetime_of(hour) for hour in noted[1].tolist()],
            noted[2].tolist(),
        ),
    )


def watch(connection: Connection, feed: Feed, until: datetime) -> Marks:
    """Have all writes below `until` noted from now on; the marks as they are then.

    Waits for the transactions that have noted, or found that they need not, by the mark before.
    """
    found = marks(connection, feed)
    if found is not None and found.watched >= until:
        return found
    with connection.transaction():
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtext('rollup marks'), ascii(%s))", (feed.code,)
        )
        connection.execute(
            "INSERT INTO market.rollup_marks (feed, watched) VALUES (%s, %s)"
            " ON CONFLICT (feed) DO UPDATE SET watched = excluded.watched",
            (feed.code, until),
        )
    return Marks(until, None if found is None else found.until)


def marks(connection: Connection, feed: Feed) -> Marks | None:
    """The marks of a feed; None where it was never refreshed."""
    row = connection.execute(
        "SELECT watched, until FROM market.rollup_marks WHERE feed = %s", (feed.code,)
    ).fetchone()
    return None if row is None else Marks(*row)


def set_until(connection: Connection, feed: Feed, until: datetime) -> None:
    """All hours that end by then are rolled up, but for those that are noted."""
    connection.execute(
        "UPDATE market.rollup_marks SET until = %s WHERE feed = %s", (until, feed.code)
    )


def touched_hours(
    connection: Connection, feed: Feed, before: datetime, limit: int
) -> list[TouchedHour]:
    """At most so many touched hours below a mark, the earliest first."""
    rows = connection.execute(
        "SELECT hour, instrument_id, source_id, touch FROM market.touched_hours"
        " WHERE feed = %s AND hour < %s ORDER BY hour, instrument_id, source_id LIMIT %s",
        (feed.code, before, limit),
    ).fetchall()
    return [TouchedHour(*row) for row in rows]


def forget(connection: Connection, feed: Feed, refreshed: Sequence[TouchedHour]) -> None:
    """Take away the notes of hours that were refreshed after they were read, unless touched again."""
    connection.execute(
        _FORGET,
        (
            [item.instrument_id for item in refreshed],
            [item.hour for item in refreshed],
            [item.source_id for item in refreshed],
            [item.touch for item in refreshed],
            feed.code,
        ),
    )


# A note that a writer holds is being touched again: it is left, and nobody waits for anybody.
_FORGET = """
    DELETE FROM market.touched_hours WHERE ctid = ANY (ARRAY(
        SELECT noted.ctid FROM unnest(%s::int[], %s::timestamptz[], %s::smallint[], %s::bigint[])
            AS done (instrument_id, hour, source_id, touch)
        JOIN market.touched_hours AS noted USING (instrument_id, hour, source_id, touch)
        WHERE feed = %s FOR UPDATE OF noted SKIP LOCKED
    ))
"""
