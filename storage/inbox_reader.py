"""The inbox's reading side: pushed records as they come, the table for every hole."""

import time
from collections.abc import Mapping
from pathlib import Path

from market.clock import microseconds
from market.log import LogRecord
from market.shards import WHOLE, Shard
from market.sources import SOURCES, Feed, source_by_id
from storage.connecting import connect
from storage.push import PushListener

WAIT_S = 0.010
"""How long `read` blocks for a push; Bytewax would sleep a millisecond after an empty read."""
POLL_INTERVAL_S = 0.2
POLL_BESIDE_PUSH_S = 1.0
"""How long a lost push stays unnoticed that none follows. A look holds up what is pushed meanwhile."""
RECORDS_PER_PARTITION = 256
BYTES_PER_PARTITION = 2 * 2**20
"""What one look at the table reads of a partition at most (and the record that goes beyond it): while it
reads, a flow that catches up has no more to commit than it has queued, about 50 ms of work."""


class InboxReader:
    """Reads the partitions of one feed class that fall to a shard, over a connection of its own.

    With a push listener a record is read microseconds after its commit; the table is looked at every
    `POLL_BESIDE_PUSH_S`, and at once where a pushed offset shows a hole.
    """

    def __init__(
        self,
        database_url: str,
        feed: Feed,
        listener: PushListener | None,
        shard: Shard = WHOLE,
    ) -> None:
        self._connection = connect(database_url)
        self._connection.prepare_threshold = 1
        self._feed = feed
        self._sources = [
            source.id for source in SOURCES if source.feed is feed and shard.has(source)
        ]
        self._listener = listener
        self._next_poll = 0.0

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        """Records beyond these offsets, each partition's in order and without a hole."""
        if time.monotonic() >= self._next_poll:
            return self._from_table(after)
        if self._listener is None:
            time.sleep(WAIT_S)
            return []
        if not self._listener.wait(min(WAIT_S, max(0.0, self._next_poll - time.monotonic()))):
            return []
        return self._from_push(after)

    def finished(self) -> bool:
        """Never: somebody may always append."""
        return False

    def close(self) -> None:
        """Give the connection and the listener back."""
        self._connection.close()
        if self._listener is not None:
            self._listener.close()

    def _from_push(self, after: Mapping[str, int]) -> list[LogRecord]:
        assert self._listener is not None
        last = dict(after)
        records = []
        for record in self._listener.received():
            if record.source.id not in self._sources:
                continue
            expected = last.get(record.partition, -1) + 1
            if record.offset > expected:
                self._next_poll = 0.0
            elif record.offset == expected:
                records.append(record)
                last[record.partition] = record.offset
        return records

    def _from_table(self, after: Mapping[str, int]) -> list[LogRecord]:
        rows = self._connection.execute(
            _READ,
            {
                "names": list(after),
                "offsets": list(after.values()),
                "feed": self._feed.code,
                "sources": self._sources,
                "limit": RECORDS_PER_PARTITION,
                "most_bytes": BYTES_PER_PARTITION,
            },
        ).fetchall()
        size = sum(len(row[-1]) for row in rows)
        more = len(rows) >= RECORDS_PER_PARTITION or size >= BYTES_PER_PARTITION
        interval_s = POLL_INTERVAL_S if self._listener is None else POLL_BESIDE_PUSH_S
        self._next_poll = 0.0 if more else time.monotonic() + interval_s
        return [
            LogRecord(
                name,
                offset,
                source_by_id(source_id),
                kind,
                context,
                microseconds(received_at),
                payload,
            )
            for name, offset, source_id, kind, context, received_at, payload in rows
        ]


class InboxReaderFactory:
    """What a flow is built with: opens its reader in the flow's own process, when it starts.

    `name` is the flow's: the processes of its shards each listen by another.
    """

    def __init__(
        self,
        database_url: str,
        feed: Feed,
        push_directory: Path | None,
        name: str,
        shard: Shard = WHOLE,
    ) -> None:
        self._database_url = database_url
        self._feed = feed
        self._push_directory = push_directory
        self._name = f"{name}{shard.label}"
        self._shard = shard

    def __call__(self) -> InboxReader:
        listener = (
            PushListener(self._push_directory, self._name)
            if self._push_directory is not None
            else None
        )
        return InboxReader(self._database_url, self._feed, listener, self._shard)


_READ = """
    SELECT partition.name, record.log_offset, partition.source_id, record.kind, record.context,
        record.received_at, record.payload
    FROM market.inbox_partitions AS partition
    LEFT JOIN unnest(%(names)s::text[], %(offsets)s::bigint[]) AS read (name, log_offset)
        ON read.name = partition.name
    CROSS JOIN LATERAL (
        SELECT *, sum(octet_length(payload)) OVER (ORDER BY log_offset) AS bytes
        FROM (
            SELECT * FROM market.inbox
            WHERE partition_id = partition.id AND log_offset > coalesce(read.log_offset, -1)
                AND feed = %(feed)s
            ORDER BY log_offset LIMIT %(limit)s
        ) AS following
    ) AS record
    WHERE partition.source_id = ANY(%(sources)s)
        AND record.bytes - octet_length(record.payload) < %(most_bytes)s
    ORDER BY partition.id, record.log_offset
"""
