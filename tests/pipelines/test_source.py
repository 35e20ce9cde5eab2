"""The source: every record once, from where it stood, until it is told to stop."""

import threading

import pytest

from market.log import LogRecord
from pipelines.errors import RecoveryAheadError
from pipelines.source import LogSource, Offsets
from tests.pipelines.logs import ListReader, record

RECORDS = [record(n, [], partition) for n in range(3) for partition in ("a", "b")]


def names(records: list[LogRecord]) -> list[tuple[str, int]]:
    return [(item.partition, item.offset) for item in records]


def drain(source: LogSource, resume: Offsets | None = None) -> list[tuple[str, int]]:
    part = source.build_part("log", "log", resume)
    found: list[LogRecord] = []
    with pytest.raises(StopIteration):
        while True:
            found += part.next_batch()
    part.close()
    return names(found)


def source(done: Offsets | None = None, stop: threading.Event | None = None) -> LogSource:
    return LogSource(
        lambda: ListReader(RECORDS),
        stop or threading.Event(),
        None if done is None else lambda: done,
    )


def test_a_finished_log_is_read_whole_and_then_ends() -> None:
    assert drain(source()) == names(RECORDS)


def test_a_snapshot_resumes_behind_the_last_record_of_each_partition() -> None:
    part = source().build_part("log", "log", None)
    seen = names(list(part.next_batch()) + list(part.next_batch()))
    assert seen + drain(source(), part.snapshot()) == names(RECORDS)


def test_a_snapshot_is_not_changed_by_what_is_read_after_it() -> None:
    part = source().build_part("log", "log", None)
    part.next_batch()
    snapshot = part.snapshot()
    part.next_batch()
    assert snapshot == {"a": 0, "b": 0}


def test_without_a_snapshot_it_goes_on_from_what_is_committed() -> None:
    assert drain(source(done={"a": 1, "b": 2})) == [("a", 2)]


def test_a_snapshot_behind_the_commit_is_followed() -> None:
    assert drain(source(done={"a": 2, "b": 2}), {"a": 1, "b": 2}) == [("a", 2)]


def test_a_snapshot_beyond_the_commit_is_refused() -> None:
    with pytest.raises(RecoveryAheadError) as raised:
        source(done={"a": 1}).build_part("log", "log", {"a": 2})
    assert "up to 2, but only 1 is committed" in str(raised.value)


def test_a_stop_ends_it_before_the_next_record() -> None:
    stop = threading.Event()
    part = source(stop=stop).build_part("log", "log", None)
    part.next_batch()
    stop.set()
    with pytest.raises(StopIteration):
        part.next_batch()
