"""What the tests of rollups share: minutes written as the flow writes them, and what a reader may see."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from market.bars import LAST, Bar, BarBatch
from market.clock import microseconds
from market.sources import Feed
from market.ticks import TickBatch
from storage.candles import Bucket
from storage.outcomes import Outcome, OutcomeWriter
from storage.rollups import rollups_of
from tests.reference.rollups import Key, Minute, Rollup, rollups
from tests.storage.making import INSTRUMENT, SOURCE

Connection = psycopg.Connection[Any]

FEED = Feed.SIMULATED
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2023, 11, 14, tzinfo=UTC)


def at(minute: int) -> datetime:
    """So many minutes after the first midnight."""
    return MIDNIGHT + timedelta(minutes=minute)


def minute_bar(
    minute: int, price: int | str = 10, instrument: int = INSTRUMENT, source: int = SOURCE.id
) -> Bar:
    """A provider's bar of a minute, with a volume where the price is even."""
    volume = f"0.{price}" if int(price) % 2 == 0 else None
    at_us = microseconds(at(minute))
    return Bar(at_us, instrument, source, LAST, price, int(price) + 1, 1, price, volume)


def clear(connection: Connection) -> None:
    """As if nothing had ever been written."""
    connection.execute(
        "TRUNCATE market.inbox_done, market.inbox_consumers, market.quarantine,"
        " market.inbox_partitions, market.rollup_marks, market.touched_hours CASCADE"
    )
    for table in ("ticks", "candles"):
        connection.execute(f"TRUNCATE market.{table}_{FEED.value}".encode())
    rollups_of(connection, FEED).drop_before(MIDNIGHT + 10_000 * DAY)


class Minutes:
    """Writes providers' bars through the one way that candles are written."""

    def __init__(self, database_url: str, consumer: str = "store-bars") -> None:
        self._writer = OutcomeWriter(database_url, consumer)
        self._partition = f"binance-{consumer}"
        self._offset = self._writer.done.get(self._partition, -1)

    def write(self, bars: Sequence[Bar]) -> None:
        """Commit these."""
        self._offset += 1
        self._writer.commit(
            [
                Outcome(
                    partition=self._partition,
                    offset=self._offset,
                    source=SOURCE,
                    ticks=TickBatch.empty(),
                    all_new=True,
                    duplicates=0,
                    quarantined=[],
                    candles=BarBatch.empty(),
                    stale_buckets=frozenset[Bucket](),
                    provider_bars=BarBatch.of(bars),
                )
            ]
        )

    def close(self) -> None:
        """Give the connection back."""
        self._writer.close()


def assert_what_may_be_read_is_right(connection: Connection) -> int:
    """In one snapshot: every rollup that may be read is the fold of its minutes; how many there are."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        row = connection.execute(
            "SELECT until FROM market.rollup_marks WHERE feed = %s", (FEED.code,)
        ).fetchone()
        until = None if row is None else row[0]
        touched = set(
            connection.execute(
                "SELECT instrument_id, hour FROM market.touched_hours WHERE feed = %s", (FEED.code,)
            ).fetchall()
        )
        minutes = stored_minutes(connection)
        kept = {width: stored_rollups(connection, width) for width in (HOUR, DAY)}
    checked = 0
    for width, found in kept.items():
        wanted = rollups(minutes, width)
        for key in found.keys() | wanted.keys():
            if may_be_read(key, width, until, touched):
                assert found.get(key) == wanted.get(key), (key, width)
                checked += 1
    return checked


def may_be_read(
    key: Key, width: timedelta, until: datetime | None, touched: set[tuple[int, datetime]]
) -> bool:
    """The rule of readers."""
    start, instrument = key[0], key[1]
    hours = (start + number * HOUR for number in range(width // HOUR))
    whole = until is not None and start + width <= until
    return whole and not any((instrument, hour) in touched for hour in hours)


def stored_minutes(connection: Connection) -> list[Minute]:
    """The candles of a minute."""
    with connection.cursor(row_factory=class_row(Minute)) as cursor:
        return cursor.execute(
            "SELECT time, instrument_id, source_id, side::text, open, high, low, close, volume, ticks"
            " FROM market.candles WHERE feed = %s",
            (FEED.code,),
        ).fetchall()


def stored_rollups(connection: Connection, width: timedelta) -> dict[Key, Rollup]:
    """The rollups, old ones too."""
    table = "market.candles_1h" if width == HOUR else "market.candles_1d"
    rows = connection.execute(
        "SELECT time, instrument_id, source_id, side::text, open, high, low, close, volume, ticks,"
        f" minutes, tick_minutes FROM {table} WHERE feed = %s".encode(),
        (FEED.code,),
    ).fetchall()
    return {tuple(row[:4]): Rollup(*row[4:]) for row in rows}
