"""The committing sink: what it accepted is committed before a snapshot; its errors end the flow."""

import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from market.bars import BarBatch
from market.ticks import TRADE, Tick, TickBatch
from pipelines.commit import MAX_QUEUED_ROWS, CommitSink
from storage.errors import DatabaseUnavailableError, SecondWriterError
from storage.outcomes import Outcome, OutcomeWriter
from tests.pipelines.logs import NOW, SOURCE


def outcome(offset: int, count: int = 1) -> Outcome:
    """An outcome of ticks that no other offset has."""
    ticks = [
        Tick(NOW + offset, 101, SOURCE.id, TRADE, offset * 100_000 + n, price="1")
        for n in range(count)
    ]
    return Outcome(
        partition="binance-0",
        offset=offset,
        source=SOURCE,
        ticks=TickBatch.of(ticks),
        all_new=True,
        duplicates=0,
        quarantined=[],
        candles=BarBatch.empty(),
        stale_buckets=frozenset(),
        provider_bars=BarBatch.empty(),
    )


def stored(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM market.ticks").fetchone()
    assert row is not None
    return int(row[0])


def test_a_snapshot_waits_until_all_is_committed(database_url: str) -> None:
    part = CommitSink(lambda: OutcomeWriter(database_url, "store")).build_part(
        "commit", "database", None
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        for start in range(0, 50, 5):
            part.write_batch([outcome(offset) for offset in range(start, start + 5)])
            part.snapshot()
            assert stored(connection) == start + 5
    part.close()


def test_closing_commits_what_is_queued_and_gives_the_consumer_back(database_url: str) -> None:
    part = CommitSink(lambda: OutcomeWriter(database_url, "store")).build_part(
        "commit", "database", None
    )
    part.write_batch([outcome(0), outcome(1)])
    part.close()
    writer = OutcomeWriter(database_url, "store")
    assert writer.done == {"binance-0": 1}
    writer.close()


def test_the_queue_holds_the_flow_back_and_loses_nothing(database_url: str) -> None:
    part = CommitSink(lambda: OutcomeWriter(database_url, "store")).build_part(
        "commit", "database", None
    )
    records = 5
    part.write_batch([outcome(n, MAX_QUEUED_ROWS // 4) for n in range(records)])
    part.close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert stored(connection) == records * (MAX_QUEUED_ROWS // 4)


def test_a_second_sink_of_the_same_consumer_is_refused(database_url: str) -> None:
    sink = CommitSink(lambda: OutcomeWriter(database_url, "store"))
    part = sink.build_part("commit", "database", None)
    with pytest.raises(SecondWriterError):
        sink.build_part("commit", "database", None)
    part.close()


def test_a_lost_database_ends_the_flow_and_what_it_accepted_is_not_called_committed(
    database_url: str,
) -> None:
    part = CommitSink(lambda: OutcomeWriter(database_url, "store")).build_part(
        "commit", "database", None
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        part.write_batch([outcome(0)])
        with pytest.raises(DatabaseUnavailableError):
            part.snapshot()
        with pytest.raises(DatabaseUnavailableError):
            part.write_batch([outcome(1)])
        assert stored(connection) == 0


class WatchedWriter(OutcomeWriter):
    """Says when it has committed."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url, "store")
        self.committed = threading.Event()

    def commit(self, outcomes: Sequence[Outcome]) -> None:
        super().commit(outcomes)
        self.committed.set()


def test_a_few_rows_are_gathered_for_a_moment_and_committed_together(database_url: str) -> None:
    writer = WatchedWriter(database_url)
    part = CommitSink(lambda: writer).build_part("commit", "database", None)
    part.write_batch([outcome(0), outcome(1)])
    part.write_batch([outcome(2)])
    assert writer.committed.wait(10)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT xmin FROM market.inbox_done").fetchall()
    assert (len(rows), len(set(rows))) == (3, 1)
    part.close()
