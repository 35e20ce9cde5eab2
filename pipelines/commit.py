"""The sink of flow `store`: outcomes are committed by a thread, a few at a time, while the flow goes on.

What was accepted is committed before a snapshot is taken, so a recovered flow never starts behind a
tick that is not stored.
"""

import threading
from collections import deque
from collections.abc import Callable

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from storage.outcomes import Outcome, OutcomeWriter

MAX_QUEUED_ROWS = 40_000
"""About 50 ms of work: what a snapshot may have to wait for, and what one transaction writes."""

GATHER_S = 0.05
GATHER_ROWS = 10_000
"""A transaction begins when so many rows are queued, or so long after the first: at live rates a few
larger ones leave disk and processor to what is on its way to a screen."""


class CommitSink(FixedPartitionedSink[Outcome, None]):
    """Commits outcomes through one writer, opened in the flow's own process when it starts."""

    def __init__(self, open_writer: Callable[[], OutcomeWriter]) -> None:
        self._open_writer = open_writer

    def list_parts(self) -> list[str]:
        return ["database"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> "CommitPartition":
        return CommitPartition(self._open_writer())


class CommitPartition(StatefulSinkPartition[Outcome, None]):
    """A bounded queue in front of a committing thread; an error there ends the flow."""

    def __init__(self, writer: OutcomeWriter) -> None:
        self._writer = writer
        self._queue: deque[Outcome] = deque()
        self._queued_rows = 0
        self._changed = threading.Condition()
        self._error: Exception | None = None
        self._closed = False
        self._draining = False
        self._thread = threading.Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    def write_batch(self, values: list[Outcome]) -> None:
        with self._changed:
            for value in values:
                self._changed.wait_for(
                    lambda: self._error is not None or self._queued_rows < MAX_QUEUED_ROWS
                )
                self._raise_error()
                self._queue.append(value)
                self._queued_rows += value.weight
                self._changed.notify_all()

    def snapshot(self) -> None:
        self._drain()

    def close(self) -> None:
        self._drain()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._writer.close()

    def _drain(self) -> None:
        with self._changed:
            self._draining = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error is not None or not self._queue)
            self._draining = False
            self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _is_due(self) -> bool:
        return self._draining or self._closed or self._queued_rows >= GATHER_ROWS

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
                self._changed.wait_for(self._is_due, GATHER_S)
                group = list(self._queue)
            try:
                self._writer.commit(group)
            except Exception as error:  # handed to the flow, which ends with it
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                for item in group:
                    self._queue.popleft()
                    self._queued_rows -= item.weight
                self._changed.notify_all()
