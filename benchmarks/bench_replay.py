"""Replay: how near the whole way of a tick comes to the raw limit of the database.

Ours: recorded files through the flow `store`, recovery on, until their ticks (exact numerics, keyed),
candles and books are committed. Baseline: the finished bytes of the same ticks by binary COPY, 10,000
rows a commit, into a table of floats with the same key. Each over one connection, into a fresh database
whose commits are durable. Workload: all recorded FX quotes, and the recorded Binance frames six times
over, each time later. Run: `pytest benchmarks/bench_replay.py`.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks.conftest import Compare, NewDatabase, execute
from benchmarks.raw_copy import CHECKSUMS, CREATE_TWIN, copy_all, twin_rows
from benchmarks.recordings import binance_files, fx_files, records_of, repeated_frames, ticks_of
from connectors.recordings import RecordingReader
from market.instruments import CATALOGUE
from pipelines.commit import CommitSink
from pipelines.running import run
from pipelines.source import LogSource
from pipelines.store import build_flow
from storage.books import consumer_offsets
from storage.outcomes import OutcomeWriter

CONSUMER = "store-recorded"
BINANCE_TIMES = 6


class Replay:
    """Both ways of storing the ticks of some files, each into a fresh database a call."""

    def __init__(self, files: Sequence[Path], new_database: NewDatabase, directory: Path) -> None:
        self._files = files
        self._new_database = new_database
        self._directory = directory
        self._stack = ExitStack()
        self._runs = 0
        ticks = ticks_of(records_of(files))
        self.ticks = len(ticks)
        self._streams = twin_rows(ticks, "r")
        self.database_url = ""

    def prepare(self) -> None:
        """Drop the database of the run before; begin this one without dirty pages of another's."""
        self._stack.close()
        self.database_url = self._stack.enter_context(self._new_database())
        self._runs += 1

    def prepare_twin(self) -> None:
        self.prepare()
        execute(self.database_url, CREATE_TWIN)

    def ours(self) -> None:
        url = self.database_url
        done = consumer_offsets(url, CONSUMER)
        source = LogSource(
            lambda: RecordingReader(self._files, cut_at=done), threading.Event(), lambda: done
        )
        sink = CommitSink(lambda: OutcomeWriter(url, CONSUMER))
        run(lambda: build_flow(source, sink, CATALOGUE), self._directory / str(self._runs))

    def raw(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            copy_all(connection, "twin", self._streams)

    def close(self) -> None:
        self._stack.close()


def compare_with_raw(compare: Compare, name: str, replay: Replay, rounds: int) -> None:
    answers = []
    for prepare, way, table in (
        (replay.prepare, replay.ours, "market.ticks"),
        (replay.prepare_twin, replay.raw, "twin"),
    ):
        prepare()
        way()
        answers.append(execute(replay.database_url, CHECKSUMS + table))
    assert answers[0] == answers[1]
    compare(
        name,
        replay.ours,
        replay.raw,
        baseline_name="raw binary COPY, floats, same key",
        work=replay.ticks,
        target=">= 0.6",
        rounds=rounds,
        prepare=replay.prepare,
        prepare_baseline=replay.prepare_twin,
    )
    replay.close()


def test_binance_frames(
    compare: Compare, new_database: NewDatabase, test_data: Path, tmp_path: Path
) -> None:
    files = repeated_frames(binance_files(test_data), BINANCE_TIMES, tmp_path)
    replay = Replay(files, new_database, tmp_path)
    compare_with_raw(compare, "replay, JSON frames to committed", replay, rounds=5)


def test_fx_rows(
    compare: Compare, new_database: NewDatabase, test_data: Path, tmp_path: Path
) -> None:
    replay = Replay(fx_files(test_data), new_database, tmp_path)
    compare_with_raw(compare, "replay, FX rows to committed", replay, rounds=5)
