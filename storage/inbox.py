"""The inbox's writing side: batches of what connectors received, durable before anything else."""

import asyncio
import contextlib
import datetime
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import structlog

from market.clock import datetime_of
from market.log import LogEntry, LogRecord, LogWriter
from market.sources import Source, source_by_id
from storage.connecting import connect
from storage.errors import DatabaseUnavailableError, ForeignPartitionError, SecondWriterError
from storage.partitions import ensure_inbox_days
from storage.push import PushSender

RETRY_FIRST_S = 0.1
RETRY_LONGEST_S = 2.0
LOCK_WAIT_S = 1
"""How long the server may take to notice that the writer before has gone."""

log = structlog.get_logger(__name__)


class Inbox:
    """The PostgreSQL log. `push_directory` is where readers on this machine listen, if any do."""

    def __init__(self, database_url: str, push_directory: Path | None) -> None:
        self._database_url = database_url
        self._push = PushSender(push_directory) if push_directory is not None else None
        self._writers: list[InboxWriter] = []

    async def writer(self, partition: str, source: Source) -> LogWriter:
        """The one writer of a partition. SecondWriterError where it has one already."""
        writer = InboxWriter(self._database_url, self._push, partition, source)
        await writer.open()
        self._writers.append(writer)
        return writer

    async def close(self) -> None:
        """Close every writer."""
        for writer in self._writers:
            await writer.close()
        if self._push is not None:
            self._push.close()


class InboxWriter:
    """Appends to one partition over a connection of its own, which holds the partition's lock.

    While the database is away `append` waits and tries again, so that its caller's bounded queue holds
    the source back; what a broken commit left in doubt is looked up before it is sent again.
    """

    def __init__(
        self, database_url: str, push: PushSender | None, partition: str, source: Source
    ) -> None:
        self._database_url = database_url
        self._push = push
        self._partition = partition
        self._source = source
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._partition_id = 0
        self._next_offset = 0
        self._appending = asyncio.Lock()

    async def open(self) -> None:
        """Connect, take the partition and find its end."""
        connection = await psycopg.AsyncConnection.connect(self._database_url, autocommit=True)
        self._connection = connection
        try:
            await self._lock(connection)
            self._partition_id = await self._register(connection)
            self._next_offset = await self._end(connection)
        except BaseException:
            await self._abandon()
            raise

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """Write these in order, in one commit; they are durable when it returns.

        Several tasks may call it; what they append takes its place in the order of the calls.
        """
        async with self._appending:
            first = self._next_offset
            await self._append_until_durable(entries, first)
            self._next_offset = first + len(entries)
            self._send(entries, first)

    async def _append_until_durable(self, entries: Sequence[LogEntry], first: int) -> None:
        pause_s = RETRY_FIRST_S
        while True:
            try:
                await self._append_once(entries, first)
                return
            except (psycopg.OperationalError, DatabaseUnavailableError) as error:
                log.warning("inbox away", partition=self._partition, reason=str(error).strip())
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
                pause_s = min(2 * pause_s, RETRY_LONGEST_S)
                await self._abandon()

    async def close(self) -> None:
        """Give the connection, and with it the partition, back."""
        if self._connection is not None:
            await self._connection.close()

    async def _append_once(self, entries: Sequence[LogEntry], first: int) -> None:
        if self._connection is None:
            await self.open()
            if self._next_offset >= first + len(entries):
                return  # the commit whose answer was lost had succeeded
        assert self._connection is not None
        rows = [self._row(first + number, entry) for number, entry in enumerate(entries)]
        try:
            try:
                await self._insert(self._connection, rows)
            except psycopg.errors.CheckViolation:  # what a row without a partition violates
                await self._make_days({row[3] for row in rows})
                await self._insert(self._connection, rows)
        except psycopg.errors.UniqueViolation:
            raise SecondWriterError(self._partition) from None

    async def _insert(
        self, connection: psycopg.AsyncConnection[Any], rows: list[tuple[Any, ...]]
    ) -> None:
        statement = (
            "INSERT INTO market.inbox"
            " (partition_id, log_offset, feed, day, received_at, kind, context, payload)"
            " VALUES (%b, %b, %t, %b, %b, %t, %t, %b)"
        )
        if len(rows) == 1:  # a transaction by itself: no words to begin and end one
            await connection.execute(statement, rows[0])
            return
        async with connection.transaction(), connection.cursor() as cursor:
            await cursor.executemany(statement, rows)

    def _row(self, offset: int, entry: LogEntry) -> tuple[Any, ...]:
        received = datetime_of(entry.received_us)
        return (
            self._partition_id,
            offset,
            self._source.feed.code,
            received.date(),
            received,
            entry.kind,
            entry.context,
            entry.payload,
        )

    async def _make_days(self, days: set[datetime.date]) -> None:
        def make() -> None:
            with connect(self._database_url) as connection:
                ensure_inbox_days(connection, self._source.feed, sorted(days))

        await asyncio.to_thread(make)

    def _send(self, entries: Sequence[LogEntry], first: int) -> None:
        if self._push is None:
            return
        for offset, entry in enumerate(entries, first):
            self._push.send(
                LogRecord(
                    self._partition,
                    offset,
                    self._source,
                    entry.kind,
                    entry.context,
                    entry.received_us,
                    entry.payload,
                )
            )

    async def _abandon(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()
            self._connection = None

    async def _lock(self, connection: psycopg.AsyncConnection[Any]) -> None:
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
                await connection.execute(
                    "SELECT pg_advisory_lock(hashtext('inbox'), hashtext(%s))", (self._partition,)
                )
        except psycopg.errors.LockNotAvailable:
            raise SecondWriterError(self._partition) from None

    async def _register(self, connection: psycopg.AsyncConnection[Any]) -> int:
        await connection.execute(
            "INSERT INTO market.inbox_partitions (name, source_id) VALUES (%s, %s)"
            " ON CONFLICT (name) DO NOTHING",
            (self._partition, self._source.id),
        )
        cursor = await connection.execute(
            "SELECT id, source_id FROM market.inbox_partitions WHERE name = %s", (self._partition,)
        )
        row = await cursor.fetchone()
        assert row is not None
        holds = source_by_id(row[1])
        if holds != self._source:
            raise ForeignPartitionError(
                self._partition,
                f"{holds.feed} {holds.provider}",
                f"{self._source.feed} {self._source.provider}",
            )
        return int(row[0])

    async def _end(self, connection: psycopg.AsyncConnection[Any]) -> int:
        cursor = await connection.execute(
            "SELECT 1 + greatest("
            " coalesce((SELECT max(log_offset) FROM market.inbox WHERE partition_id = %(id)s), -1),"
            " coalesce((SELECT max(log_offset) FROM market.inbox_done WHERE partition_id = %(id)s), -1),"
            " coalesce((SELECT max(log_offset) FROM market.inbox_consumers"
            " WHERE partition_id = %(id)s), -1))",
            {"id": self._partition_id},
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])
