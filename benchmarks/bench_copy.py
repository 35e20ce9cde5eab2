"""Writing ticks: keyed COPY of columns against the server's own COPY of a finished file.

Ours: batches of 10,000 ticks encoded, sent and inserted with `insert_ticks`, each in a commit of its own.
Baseline: the server reads the same bytes from files that lie beside its data, into the same table, with
as many commits. Workload: the recorded EUR-USD quotes. Run: `pytest benchmarks/bench_copy.py`.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psycopg
import pytest

from benchmarks.conftest import Compare, NewDatabase, execute
from benchmarks.raw_copy import ROWS_PER_COMMIT
from benchmarks.recordings import fx_files, records_of, ticks_of
from market.sources import Feed
from market.ticks import TickBatch
from storage.copy_rows import HEADER, TRAILER, tick_rows
from storage.partitions import DAY_US, TickPartitions
from storage.ticks import insert_ticks

COUNT_AND_SUMS = "SELECT count(*), sum(seq), sum(bid), sum(ask) FROM market.ticks"


@pytest.fixture(scope="module")
def batches(test_data: Path) -> list[TickBatch]:
    """Batches of a day each at most, in the order of time."""
    ticks = ticks_of(records_of(fx_files(test_data, "eurusd")))
    days = ticks.time // DAY_US
    found = []
    for day in np.unique(days):
        part = ticks.take(days == day)
        starts = range(0, len(part), ROWS_PER_COMMIT)
        found += [part.take(slice(start, start + ROWS_PER_COMMIT)) for start in starts]
    return found


class Copying:
    """Both ways, each into a fresh database a call."""

    def __init__(
        self, batches: list[TickBatch], new_database: NewDatabase, directory: Path
    ) -> None:
        self._batches = batches
        self._new_database = new_database
        self._stack = ExitStack()
        self._files = []
        for number, batch in enumerate(batches):
            path = directory / f"{number}.copy"
            path.write_bytes(HEADER + tick_rows(batch, Feed.RECORDED.code) + TRAILER)
            self._files.append(path)
        self.database_url = ""

    def prepare(self) -> None:
        self.close()
        self.database_url = self._stack.enter_context(self._new_database())
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            times = TickBatch.concat(self._batches).time
            TickPartitions(connection).ensure(Feed.RECORDED, times, times[:0])
        execute(self.database_url, "CHECKPOINT")

    def ours(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for batch in self._batches:
                with connection.transaction():
                    insert_ticks(connection, Feed.RECORDED, batch, all_new=True)

    def server_side(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for path in self._files:
                statement = f"COPY market.ticks_recorded FROM '{path}' (FORMAT binary)"
                connection.execute(statement.encode())

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def copying(
    batches: list[TickBatch], new_database: NewDatabase, server_directory: Path
) -> Iterator[Copying]:
    found = Copying(batches, new_database, server_directory)
    yield found
    found.close()


def test_keyed_copy(compare: Compare, copying: Copying, batches: list[TickBatch]) -> None:
    answers = []
    for way in (copying.ours, copying.server_side):
        copying.prepare()
        way()
        answers.append(execute(copying.database_url, COUNT_AND_SUMS))
    assert answers[0] == answers[1]
    compare(
        "keyed COPY of columns",
        copying.ours,
        copying.server_side,
        baseline_name="COPY of a file by the server",
        work=sum(len(batch) for batch in batches),
        target=">= 0.85",
        prepare=copying.prepare,
        prepare_baseline=copying.prepare,
    )
