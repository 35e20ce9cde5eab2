"""Running with recovery: what was read is not read again, and snapshots never hide a lost record."""

import threading
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink

from market.log import LogRecord
from pipelines.errors import FlowRunningError
from pipelines.running import STATE_VERSION, run
from pipelines.source import LogSource, Offsets
from tests.pipelines.logs import ListReader, record

RECORDS = [record(n, []) for n in range(6)]


def offsets_read(
    recovery: Path,
    records: list[LogRecord],
    done: Offsets | None = None,
    start_over: bool = False,
) -> list[int]:
    out: list[LogRecord] = []

    def build() -> Dataflow:
        out.clear()
        flow = Dataflow("flow")
        source = LogSource(
            lambda: ListReader(records), threading.Event(), None if done is None else lambda: done
        )
        op.output("out", op.input("log", flow, source), TestingSink(out))
        return flow

    run(build, recovery, start_over=start_over)
    return [item.offset for item in out]


def test_a_second_run_goes_on_behind_the_first(tmp_path: Path) -> None:
    assert offsets_read(tmp_path, RECORDS[:4]) == [0, 1, 2, 3]
    assert offsets_read(tmp_path, RECORDS) == [4, 5]


def test_snapshots_beyond_what_is_committed_are_thrown_away(tmp_path: Path) -> None:
    recovery = tmp_path / "recovery"
    offsets_read(recovery, RECORDS[:4])
    assert offsets_read(recovery, RECORDS, done={"binance-0": 1}) == [2, 3, 4, 5]


def test_the_error_of_a_step_is_raised_as_itself(tmp_path: Path) -> None:
    class BrokenReader(ListReader):
        def read(self, after: object) -> list[LogRecord]:
            raise OSError("gone")

    def build() -> Dataflow:
        flow = Dataflow("flow")
        source = LogSource(lambda: BrokenReader(RECORDS), threading.Event())
        op.output("out", op.input("log", flow, source), TestingSink([]))
        return flow

    with pytest.raises(OSError, match="gone"):
        run(build, tmp_path)


def test_a_flow_that_runs_already_is_not_run_twice(tmp_path: Path) -> None:
    inner: list[int] = []

    def build() -> Dataflow:
        with pytest.raises(FlowRunningError, match="running already"):
            inner.extend(offsets_read(tmp_path, RECORDS))
        flow = Dataflow("flow")
        source = LogSource(lambda: ListReader(RECORDS), threading.Event())
        op.output("out", op.input("log", flow, source), TestingSink([]))
        return flow

    run(build, tmp_path)
    assert inner == []


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100])
def test_damaged_snapshots_are_thrown_away(tmp_path: Path, damage: bytes) -> None:
    offsets_read(tmp_path, RECORDS[:4])
    for file in tmp_path.rglob("*.sqlite3*"):
        file.unlink()
    (tmp_path / f"v{STATE_VERSION}" / "part-0.sqlite3").write_bytes(damage)
    assert offsets_read(tmp_path, RECORDS, done={"binance-0": 3}) == [4, 5]
    assert offsets_read(tmp_path, RECORDS, done={"binance-0": 5}) == []


def test_a_store_that_was_not_made_whole_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "v1.new").mkdir()
    (tmp_path / "v1.new" / "part-0.sqlite3").write_bytes(b"")
    assert offsets_read(tmp_path, RECORDS) == [0, 1, 2, 3, 4, 5]


def test_starting_over_reads_from_the_start(tmp_path: Path) -> None:
    offsets_read(tmp_path, RECORDS)
    assert offsets_read(tmp_path, RECORDS, start_over=True) == [0, 1, 2, 3, 4, 5]
