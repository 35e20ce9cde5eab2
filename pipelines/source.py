"""The source of every flow: one Bytewax partition that multiplexes the partitions of a log.

It blocks only while all of them are empty, and ends, with its state kept, when it is told to stop.
"""

import threading
from collections.abc import Callable, Mapping

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from market.log import LogReader, LogRecord
from pipelines.errors import RecoveryAheadError

Offsets = dict[str, int]


class LogSource(FixedPartitionedSource[LogRecord, Offsets]):
    """Reads a log; its state is the offset of the last record read of each partition.

    `done` is what the flow's sink has committed, by partition. A partition without a snapshot goes on
    from there; RecoveryAheadError where a snapshot is beyond it, for then the sink has lost records.
    """

    def __init__(
        self,
        open_reader: Callable[[], LogReader],
        stop: threading.Event,
        done: Callable[[], Mapping[str, int]] | None = None,
    ) -> None:
        self._open_reader = open_reader
        self._stop = stop
        self._done = done

    def list_parts(self) -> list[str]:
        return ["log"]

    def build_part(
        self, step_id: str, for_part: str, resume_state: Offsets | None
    ) -> "LogSourcePartition":
        resumed = resume_state or {}
        done = resumed if self._done is None else self._done()
        for partition, offset in resumed.items():
            if offset > done.get(partition, -1):
                raise RecoveryAheadError(partition, offset, done.get(partition, -1))
        return LogSourcePartition(self._open_reader(), self._stop, {**done, **resumed})


class LogSourcePartition(StatefulSourcePartition[LogRecord, Offsets]):
    """The one partition: hands on what the reader has, in the reader's order."""

    def __init__(self, reader: LogReader, stop: threading.Event, offsets: Offsets) -> None:
        self._reader = reader
        self._stop = stop
        self._offsets = offsets

    def next_batch(self) -> list[LogRecord]:
        if self._stop.is_set():
            raise StopIteration
        records = self._reader.read(self._offsets)
        if not records and self._reader.finished():
            raise StopIteration
        for record in records:
            self._offsets[record.partition] = record.offset
        return records

    def snapshot(self) -> Offsets:
        return dict(self._offsets)

    def close(self) -> None:
        self._reader.close()
