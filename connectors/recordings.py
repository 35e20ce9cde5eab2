"""Recorded files as logs: ticks, frames, rates and bars, as fast as one likes or paced.

A file is a partition named after its content; the number of a record's last row is its offset. Files
are read in the order of event time, those that overlap in turns.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from connectors.errors import NoRecordingError, RecordingError
from connectors.recorded_files import RecordedFile, open_recording
from market.clock import Clock, system_clock
from market.log import LogRecord
from market.sources import Source

MAX_ROWS_PER_RECORD = 10_000
MAX_RECORDS_PER_READ = 4
IDLE_WAIT_S = 0.005

_PARTITION_PREFIX = "file:"
_HASH_CHARS = 16


def partition_of(path: Path) -> str:
    """The partition of a file: the same for the same content, wherever it lies."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordingError(path, f"cannot be read: {error.strerror}") from error
    return _PARTITION_PREFIX + digest[:_HASH_CHARS]


def recordings_in(
    directory: Path, provider: str | None = None
) -> tuple[list[RecordedFile], list[NoRecordingError]]:
    """The recordings below a directory, and why what else lies there is none.

    RecordingError: one that is damaged, or a directory without any.
    """
    files: list[RecordedFile] = []
    others: list[NoRecordingError] = []
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        try:
            files.append(open_recording(path, provider))
        except NoRecordingError as error:
            others.append(error)
    if not files:
        raise RecordingError(directory, "holds nothing that can be replayed")
    return files, others


class RecordingReader:
    """A LogReader over recorded files, and over those that lie below directories.

    `provider` is whose frames they are, None where the files show it; `symbol` whose bars, where a table
    that is named itself (no directory of it) does not say it. `speed` is None for as fast as possible,
    else event seconds a second. `max_rows` is asked before each record how long it may be. A record ends
    at every row of `cut_at` (partition → row number), so that a cut of an earlier run stays one.
    RecordingError names a file that is no recording, at once; one that is damaged further on, when it is
    read. What lies in a directory and is no recording is `passed_over`.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        *,
        provider: str | None = None,
        symbol: str | None = None,
        speed: float | None = None,
        cut_at: Mapping[str, int] | None = None,
        max_rows: Callable[[], int] = lambda: MAX_ROWS_PER_RECORD,
        clock: Clock = system_clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.passed_over: list[NoRecordingError] = []
        files: dict[str, RecordedFile] = {}
        for path in paths:
            if path.is_dir():
                found, others = recordings_in(path, provider)
            else:
                found, others = [open_recording(path, provider, symbol)], []
            self.passed_over += others
            files |= {partition_of(file.path): file for file in found}
        self._cursors = [
            _Cursor(partition, file, (cut_at or {}).get(partition))
            for partition, file in sorted(files.items(), key=lambda item: item[1].first_us)
        ]
        self._speed = speed
        self._max_rows = max_rows
        self._clock = clock
        self._sleep = sleep
        self._began: tuple[int, int] | None = None

    @property
    def sources(self) -> dict[str, Source]:
        """The source of each partition, in the order of reading."""
        return {cursor.partition: cursor.file.source for cursor in self._cursors}

    def rows(self) -> int:
        """How many rows there are in all. RecordingError: a file is damaged."""
        total = 0
        for cursor in self._cursors:
            total += cursor.file.load().rows
            cursor.file.unload()
        return total

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        """See `LogReader.read`."""
        for cursor in self._cursors:
            cursor.seek(after.get(cursor.partition, -1) + 1)
        records: list[LogRecord] = []
        while len(records) < MAX_RECORDS_PER_READ:
            earliest = min(self._cursors, key=_Cursor.next_us, default=None)
            if earliest is None or earliest.finished:
                break
            record = earliest.take(self._due_us(earliest.next_us()), self._max_rows())
            if record is None:
                break
            records.append(record)
        if not records and not self.finished():
            self._sleep(IDLE_WAIT_S)
        return records

    def finished(self) -> bool:
        """Whether every file was read to its end."""
        return all(cursor.finished for cursor in self._cursors)

    def close(self) -> None:
        """Forget what was loaded."""
        for cursor in self._cursors:
            cursor.file.unload()

    def _due_us(self, next_us: float) -> float:
        """The event time that has come by now; the clock starts at the first row that is read."""
        if self._speed is None:
            return float("inf")
        if self._began is None:
            self._began = (self._clock(), int(next_us))
        wall_us, event_us = self._began
        return event_us + (self._clock() - wall_us) * self._speed


class _Cursor:
    """A place in one file, which is in memory only while it is being read."""

    def __init__(self, partition: str, file: RecordedFile, cut_row: int | None) -> None:
        self.partition = partition
        self.file = file
        self._cut_row = cut_row
        self._row = 0
        self.finished = False

    def seek(self, row: int) -> None:
        if row != self._row:
            self._row = row
            self.finished = False
        if row > 0 and not self.finished:
            self._finish_at(self.file.load().rows)

    def next_us(self) -> float:
        if self.finished:
            return float("inf")
        if self._row == 0:
            return self.file.first_us
        return int(self.file.load().times_us[self._row])

    def take(self, due_us: float, max_rows: int) -> LogRecord | None:
        """The next record of rows whose time has come, None if there is none yet."""
        loaded = self.file.load()
        start, stop = self._row, min(self._row + max_rows, loaded.rows)
        if self._cut_row is not None and start <= self._cut_row < stop:
            stop = self._cut_row + 1
        if due_us < float("inf"):
            early = loaded.times_us[start:stop] > due_us
            stop = start + int(np.argmax(early)) if early.any() else stop
        if stop == start:
            return None
        part = self.file.part(start, stop)
        record = LogRecord(
            self.partition,
            part.stop - 1,
            self.file.source,
            part.kind,
            part.context,
            part.received_us,
            part.payload,
        )
        self._row = part.stop
        self._finish_at(loaded.rows)
        return record

    def _finish_at(self, rows: int) -> None:
        if self._row >= rows:
            self.finished = True
            self.file.unload()
