"""The books of the log: what came of each record, and how far each consumer has read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from market.clock import datetime_of
from market.sources import Source
from storage.connecting import connect

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Totals:
    """What came of a set of partitions so far, in ticks (and bars)."""

    ticks: int
    quarantined: int
    duplicates: int
    bars: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one record."""

    offset: int
    ticks: int
    quarantined: int
    duplicates: int
    bars: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A tick, or what should have been one, that was set aside: why, and what it was.

    `time_us` and `instrument` are None where the payload did not even tell those.
    """

    reason: str
    excerpt: str
    time_us: int | None = None
    instrument: int | None = None


def partition_id(connection: Connection, name: str, source: Source) -> int:
    """The id of a log's partition, given to it when it is new."""
    connection.execute(
        "INSERT INTO market.inbox_partitions (name, source_id) VALUES (%s, %s)"
        " ON CONFLICT (name) DO NOTHING",
        (name, source.id),
    )
    # A statement of its own: only that sees what another connection made while the insert waited.
    row = connection.execute(
        "SELECT id FROM market.inbox_partitions WHERE name = %s", (name,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def done_offsets(connection: Connection, consumer: str) -> dict[str, int]:
    """The last offset of each partition, by name, that a consumer has registered as read."""
    rows = connection.execute(
        "SELECT name, log_offset FROM market.inbox_consumers"
        " JOIN market.inbox_partitions ON id = partition_id WHERE consumer = %s",
        (consumer,),
    )
    return dict(rows.fetchall())


def register_read(connection: Connection, consumer: str, offsets: Mapping[int, int]) -> None:
    """Say how far a consumer has read, by partition id; it never goes back."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO market.inbox_consumers AS kept (consumer, partition_id, log_offset)"
            " VALUES (%s, %s, %s) ON CONFLICT (consumer, partition_id) DO UPDATE"
            " SET log_offset = greatest(kept.log_offset, excluded.log_offset)",
            [(consumer, partition, offset) for partition, offset in offsets.items()],
        )


def register_done(connection: Connection, partition: int, records: Iterable[Done]) -> None:
    """Enter what came of these records, each once."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO market.inbox_done"
            " (partition_id, log_offset, ticks, quarantined, duplicates, bars)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (partition, done.offset, done.ticks, done.quarantined, done.duplicates, done.bars)
                for done in records
            ],
        )


def quarantine(
    connection: Connection, partition: int, offset: int, source: Source, rows: Sequence[Quarantined]
) -> None:
    """Set aside what a record held beside its ticks."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO market.quarantine (partition_id, log_offset, item, reason, time,"
            " instrument_id, source_id, feed, excerpt)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    partition,
                    offset,
                    item,
                    _storable(row.reason),
                    None if row.time_us is None else datetime_of(row.time_us),
                    row.instrument,
                    source.id,
                    source.feed.code,
                    _storable(row.excerpt),
                )
                for item, row in enumerate(rows)
            ],
        )


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: a provider may send anything."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def totals(database_url: str, partitions: Sequence[str]) -> Totals:
    """What came of these partitions, by name, so far."""
    with (
        connect(database_url) as connection,
        connection.cursor(row_factory=class_row(Totals)) as cursor,
    ):
        found = cursor.execute(
            "SELECT coalesce(sum(ticks), 0)::bigint AS ticks,"
            " coalesce(sum(quarantined), 0)::bigint AS quarantined,"
            " coalesce(sum(duplicates), 0)::bigint AS duplicates,"
            " coalesce(sum(bars), 0)::bigint AS bars FROM market.inbox_done"
            " JOIN market.inbox_partitions ON id = partition_id WHERE name = ANY(%s)",
            (list(partitions),),
        ).fetchone()
    assert found is not None
    return found


def consumer_offsets(database_url: str, consumer: str) -> dict[str, int]:
    """The same as `done_offsets`, over a connection of its own."""
    with connect(database_url) as connection:
        return done_offsets(connection, consumer)


def reopen(database_url: str, consumer: str, partitions: Sequence[str]) -> None:
    """Open the books of these partitions anew: they are going to be read from their start."""
    ids = "SELECT id FROM market.inbox_partitions WHERE name = ANY(%(names)s)"
    names = {"names": list(partitions), "consumer": consumer}
    with connect(database_url) as connection, connection.transaction():
        for table in ("inbox_done", "quarantine"):
            connection.execute(f"DELETE FROM market.{table} WHERE partition_id IN ({ids})", names)
        connection.execute(
            f"DELETE FROM market.inbox_consumers WHERE consumer = %(consumer)s"
            f" AND partition_id IN ({ids})",
            names,
        )


class ReadRegister:
    """A consumer that writes nothing else to the database says here how far it has read."""

    def __init__(self, database_url: str, consumer: str) -> None:
        self._connection = connect(database_url)
        self._consumer = consumer

    def register(self, offsets: Mapping[str, int]) -> None:
        """Enter the last offset read of each partition, by name; one that nobody knows is passed over."""
        rows = self._connection.execute(
            "SELECT name, id FROM market.inbox_partitions WHERE name = ANY(%s)", (list(offsets),)
        )
        register_read(
            self._connection,
            self._consumer,
            {identity: offsets[name] for name, identity in rows},
        )

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
