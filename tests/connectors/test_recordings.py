"""Recorded files are logs: every row once, in order of event time, from any offset on."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import RecordingError
from connectors.parsing import parse
from connectors.recordings import (
    IDLE_WAIT_S,
    MAX_RECORDS_PER_READ,
    MAX_ROWS_PER_RECORD,
    RecordingReader,
    partition_of,
    recordings_in,
)
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import TickBatch
from tests.connectors.support import DATA, Hands
from tests.connectors.test_recorded_files import CRYPTO, FX, zipped

NEXT_DAY = DATA / "fx_ticks/oanda_eurusd/20140502_quote.zip"
OTHER_PAIR = DATA / "fx_ticks/oanda_nzdusd/20140501_quote.zip"


def drain(reader: RecordingReader, after: Mapping[str, int] | None = None) -> list[LogRecord]:
    offsets = dict(after or {})
    records: list[LogRecord] = []
    while not reader.finished():
        batch = reader.read(offsets)
        assert len(batch) <= MAX_RECORDS_PER_READ
        offsets |= {record.partition: record.offset for record in batch}
        records += batch
    return records


def rows_of(records: Iterable[LogRecord]) -> TickBatch:
    return TickBatch.concat([parse(record, CATALOGUE).ticks for record in records])


def small(tmp_path: Path, rows: list[int], pair: str = "eurusd") -> Path:
    csv = b"".join(b"%d,1.1,1.2\n" % time_ms for time_ms in rows)
    return zipped(tmp_path / f"{pair}.zip", {f"20140501_{pair}_tick_quote.csv": csv})


def test_a_partition_is_named_after_the_content(tmp_path: Path) -> None:
    copy = Path(shutil.copy(FX, tmp_path / "copy.zip"))
    assert partition_of(copy) == partition_of(FX)
    assert partition_of(FX).startswith("file:")
    assert len(partition_of(FX)) == len("file:") + 16


def test_rows_are_counted() -> None:
    assert RecordingReader([CRYPTO]).rows() == 33_618
    assert RecordingReader([FX]).rows() == 24_179
    assert RecordingReader([FX, CRYPTO]).rows() == 57_797


def test_records_hold_every_row_once() -> None:
    records = drain(RecordingReader([FX]))
    assert [record.offset for record in records] == [9_999, 19_999, 24_178]
    assert b"".join(record.payload for record in records).count(b"\n") == 24_178
    ticks = rows_of(records)
    assert ticks.seq.tolist() == list(range(24_179))
    assert records[0].received_us == int(ticks.time[MAX_ROWS_PER_RECORD - 1])


def test_a_recording_of_frames_is_received_when_its_last_line_was() -> None:
    records = drain(RecordingReader([CRYPTO]))
    line = records[0].payload.splitlines()[-1]
    assert records[0].received_us == int(line.split(b" ")[0]) // 1_000
    assert records[0].payload.count(b"\n") == MAX_ROWS_PER_RECORD


def test_a_record_is_as_long_as_it_may_be_when_it_is_read() -> None:
    lengths = iter([5_000, 10, 20_000])
    reader = RecordingReader([FX], max_rows=lambda: next(lengths))
    assert [record.offset for record in reader.read({})] == [4_999, 5_009, 24_178]


def test_files_are_read_by_event_time_whatever_their_order() -> None:
    records = drain(RecordingReader([NEXT_DAY, FX]))
    partitions = [record.partition for record in records]
    first = partitions.count(partition_of(FX))
    assert partitions[:first] == [partition_of(FX)] * first
    assert set(partitions[first:]) == {partition_of(NEXT_DAY)}


def test_files_that_overlap_are_read_in_turns() -> None:
    partitions = [record.partition for record in drain(RecordingReader([FX, OTHER_PAIR]))]
    assert partitions[:2] != [partitions[0]] * 2
    assert partitions[0] in partitions[2:]


def test_the_same_file_twice_is_one_partition(tmp_path: Path) -> None:
    copy = Path(shutil.copy(FX, tmp_path / "copy.zip"))
    reader = RecordingReader([FX, copy])
    assert list(reader.sources) == [partition_of(FX)]
    assert [source.provider for source in reader.sources.values()] == ["oanda"]


def test_reading_goes_on_behind_the_given_offsets() -> None:
    whole = rows_of(drain(RecordingReader([FX])))
    rest = rows_of(drain(RecordingReader([FX]), {partition_of(FX): 12_344}))
    assert rest.to_bytes() == whole.take(slice(12_345, None)).to_bytes()


def test_offsets_that_do_not_move_give_the_same_again() -> None:
    reader = RecordingReader([FX])
    assert reader.read({}) == reader.read({})


def test_a_file_that_was_read_to_its_end_has_nothing_more() -> None:
    reader = RecordingReader([FX])
    assert not reader.finished()
    assert reader.read({partition_of(FX): 24_178}) == []
    assert reader.finished()


def test_no_record_straddles_a_cut() -> None:
    cut_at = {partition_of(FX): 12_344}
    records = drain(RecordingReader([FX], cut_at=cut_at))
    assert [record.offset for record in records] == [9_999, 12_344, 22_344, 24_178]
    again = drain(RecordingReader([FX], cut_at=cut_at), cut_at)
    assert [record.offset for record in again] == [22_344, 24_178]


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.integers(-1, 24_178), st.integers(0, 24_178))
def test_from_any_offset_with_any_cut_every_row_comes_once(after: int, cut: int) -> None:
    partition = partition_of(FX)
    records = drain(RecordingReader([FX], cut_at={partition: cut}), {partition: after})
    sequence = rows_of(records).seq.tolist() if records else []
    assert sequence == list(range(after + 1, 24_179))
    assert cut <= after or cut in [record.offset for record in records]


def test_a_pace_gives_rows_when_their_time_has_come(tmp_path: Path) -> None:
    hands = Hands()
    path = small(tmp_path, [1_000, 1_500, 2_000, 61_000])
    reader = RecordingReader([path], speed=2.0, clock=hands.clock, sleep=hands.sleep_now)
    offsets: dict[str, int] = {}
    came: list[tuple[int, int]] = []
    began_us = hands.now_us
    while not reader.finished():
        for record in reader.read(offsets):
            offsets[record.partition] = record.offset
            came.append((record.offset, (hands.now_us - began_us) // 1_000))
    assert came == [(0, 0), (1, 250), (2, 500), (3, 30_000)]
    assert set(hands.slept_s) == {IDLE_WAIT_S}


def test_a_pace_is_one_clock_for_all_files(tmp_path: Path) -> None:
    hands = Hands()
    paths = [small(tmp_path, [1_000, 3_000]), small(tmp_path, [2_000], "nzdusd")]
    reader = RecordingReader(paths, speed=1.0, clock=hands.clock, sleep=hands.sleep_now)
    began_us, offsets, came = hands.now_us, dict[str, int](), []
    while not reader.finished():
        for record in reader.read(offsets):
            offsets[record.partition] = record.offset
            came.append((hands.now_us - began_us) // 1_000_000)
    assert came == [0, 1, 2]


def test_no_file_is_finished_at_once() -> None:
    reader = RecordingReader([])
    assert reader.finished()
    assert reader.read({}) == []
    reader.close()


def test_a_wrong_file_is_named_before_anything_is_read(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("hello")
    with pytest.raises(RecordingError, match=r"notes\.txt"):
        RecordingReader([FX, wrong])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"missing\.zip"):
        RecordingReader([tmp_path / "missing.zip"])
    with pytest.raises(RecordingError, match=r"missing\.zip"):
        partition_of(tmp_path / "missing.zip")


class TestADirectory:
    def test_stands_for_the_recordings_below_it(self, tmp_path: Path) -> None:
        shutil.copy(FX, tmp_path / "a.zip")
        (tmp_path / "deep").mkdir()
        shutil.copy(CRYPTO, tmp_path / "deep" / "b.gz")
        (tmp_path / "notes.md").write_text("hello")
        reader = RecordingReader([tmp_path])
        assert list(reader.sources) == [partition_of(FX), partition_of(CRYPTO)]
        assert [error.path.name for error in reader.passed_over] == ["notes.md"]

    def test_says_of_each_other_file_why_it_is_none(self, tmp_path: Path) -> None:
        shutil.copy(FX, tmp_path / "a.zip")
        (tmp_path / "minutes.csv").write_text("time,open,high,low,close,volume\n")
        files, others = recordings_in(tmp_path)
        assert [file.path.name for file in files] == ["a.zip"]
        assert "say it with --symbol" in str(others[0])
        assert recordings_in(tmp_path, "oanda")[0][0].source.provider == "oanda"

    def test_without_a_recording_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "notes.md").write_text("hello")
        with pytest.raises(RecordingError, match="holds nothing that can be replayed"):
            RecordingReader([tmp_path])
        shutil.copy(FX, tmp_path / "a.zip")
        with pytest.raises(RecordingError, match="holds nothing that can be replayed"):
            RecordingReader([tmp_path], provider="kraken")

    def test_with_a_damaged_recording_is_an_error(self, tmp_path: Path) -> None:
        shutil.copy(FX, tmp_path / "a.zip")
        (tmp_path / "cut.zip").write_bytes(FX.read_bytes()[:20_000])
        with pytest.raises(RecordingError, match=r"cut\.zip: cannot be read"):
            RecordingReader([tmp_path])
