"""The books of the log: what came of each record, and how far each consumer has read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from market.clock import datetime_of
from market.sources import Feed, Source
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

    `item` is its number in the record; `time_us` and `instrument` are None where the payload did not
    even tell those.
    """

    item: int
    reason: str
    excerpt: str
    time_us: int | None = None
    instrument: int | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A tick that had been set aside as this item of a record, and is accepted after all.

    `is_new` is False where it was stored already, from elsewhere.
    """

    offset: int
    item: int
    is_new: bool


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
                    row.item,
                    _storable(row.reason),
                    None if row.time_us is None else datetime_of(row.time_us),
                    row.instrument,
                    source.id,
                    source.feed.code,
                    _storable(row.excerpt),
                )
                for row in rows
            ],
        )


def release(connection: Connection, partition: int, ticks: Sequence[Released]) -> None:
    """Take these out of the quarantine, and enter them anew at the records that they came from."""
    for tick in ticks:
        key = {"partition": partition, "offset": tick.offset, "item": tick.item}
        connection.execute(
            "DELETE FROM market.quarantine WHERE partition_id = %(partition)s"
            " AND log_offset = %(offset)s AND item = %(item)s",
            key,
        )
        counts = {"new": int(tick.is_new), "known": int(not tick.is_new), **key}
        if not connection.execute(
            _RELEASE.format(table="inbox_done", at="=").encode(), counts
        ).rowcount:
            # Summed up meanwhile; a statement of its own, to see what another connection did.
            connection.execute(_RELEASE.format(table="inbox_totals", at=">=").encode(), counts)


_RELEASE = """
    UPDATE market.{table} SET quarantined = quarantined - 1, ticks = ticks + %(new)s,
        duplicates = duplicates + %(known)s
    WHERE partition_id = %(partition)s AND log_offset {at} %(offset)s
"""


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: a provider may send anything."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def totals(database_url: str, partitions: Sequence[str]) -> Totals:
    """What came of these partitions, by name, so far."""
    with (
        connect(database_url) as connection,
        connection.cursor(row_factory=class_row(Totals)) as cursor,
    ):
        found = cursor.execute(_TOTALS, (list(partitions),)).fetchone()
    assert found is not None
    return found


_TOTALS = """
    SELECT coalesce(sum(ticks), 0)::bigint AS ticks,
        coalesce(sum(quarantined), 0)::bigint AS quarantined,
        coalesce(sum(duplicates), 0)::bigint AS duplicates,
        coalesce(sum(bars), 0)::bigint AS bars
    FROM (
        SELECT partition_id, ticks, quarantined, duplicates, bars FROM market.inbox_done
        UNION ALL
        SELECT partition_id, ticks, quarantined, duplicates, bars FROM market.inbox_totals
    ) AS entries
    JOIN market.inbox_partitions ON id = partition_id WHERE name = ANY(%s)
"""


def fold(connection: Connection) -> None:
    """Sum up the entries of records that are no longer in the inbox: one row a partition is left.

    Entries of recorded files stay as they are: they are few, and a file is always there to be read.
    """
    connection.execute(_FOLD)


_FOLD = """
    WITH kept AS (
        SELECT partition.id, coalesce(first.log_offset, read.log_offset + 1) AS log_offset
        FROM market.inbox_partitions AS partition
        JOIN LATERAL (
            SELECT min(log_offset) AS log_offset FROM market.inbox_consumers
            WHERE partition_id = partition.id
        ) AS read ON true
        LEFT JOIN LATERAL (
            SELECT log_offset FROM market.inbox
            WHERE partition_id = partition.id ORDER BY log_offset LIMIT 1
        ) AS first ON true
        WHERE partition.name NOT LIKE 'file:%'
    ), gone AS (
        DELETE FROM market.inbox_done USING kept
        WHERE partition_id = kept.id AND inbox_done.log_offset < kept.log_offset
        RETURNING inbox_done.*
    )
    INSERT INTO market.inbox_totals AS total
    SELECT partition_id, max(log_offset), sum(ticks), sum(quarantined), sum(duplicates), sum(bars)
    FROM gone GROUP BY partition_id
    ON CONFLICT (partition_id) DO UPDATE SET log_offset = excluded.log_offset,
        ticks = total.ticks + excluded.ticks, bars = total.bars + excluded.bars,
        quarantined = total.quarantined + excluded.quarantined,
        duplicates = total.duplicates + excluded.duplicates
"""


def drop_quarantine_before(connection: Connection, feed: Feed, before: date) -> None:
    """Forget what a feed's quarantine took in before a day."""
    connection.execute(
        "DELETE FROM market.quarantine WHERE feed = %s AND set_aside_at < %s", (feed.code, before)
    )


def reopen(connection: Connection, consumer: str, partitions: Sequence[str]) -> None:
    """Open the books of these partitions anew: they are going to be read from their start."""
    ids = "SELECT id FROM market.inbox_partitions WHERE name = ANY(%(names)s)"
    names = {"names": list(partitions), "consumer": consumer}
    with connection.transaction():
        for table in ("inbox_done", "quarantine"):
            connection.execute(f"DELETE FROM market.{table} WHERE partition_id IN ({ids})", names)
        connection.execute(
            f"DELETE FROM market.inbox_consumers WHERE consumer = %(consumer)s"
            f" AND partition_id IN ({ids})",
            names,
        )


def log_ends(database_url: str, feed: Feed) -> dict[str, int]:
    """The last offset of each partition of a feed's inbox, by name; what was read and dropped counts."""
    with connect(database_url) as connection:
        rows = connection.execute(
            "SELECT name, greatest(last.log_offset, read.log_offset) FROM market.inbox_partitions"
            " JOIN market.sources ON sources.id = source_id"
            " JOIN LATERAL (SELECT max(log_offset) AS log_offset FROM market.inbox"
            " WHERE partition_id = inbox_partitions.id) AS last ON true"
            " JOIN LATERAL (SELECT max(log_offset) AS log_offset FROM market.inbox_consumers"
            " WHERE partition_id = inbox_partitions.id) AS read ON true"
            " WHERE feed = %s AND coalesce(last.log_offset, read.log_offset) IS NOT NULL",
            (feed.code,),
        ).fetchall()
    return dict(rows)


def consumer_offsets(database_url: str, consumer: str) -> dict[str, int]:
    """The same as `done_offsets`, over a connection of its own."""
    with connect(database_url) as connection:
        return done_offsets(connection, consumer)


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
