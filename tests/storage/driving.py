"""Drives a log through judging, folding and committing, with crashes wherever a test wants them."""

import contextlib
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from market.instruments import CATALOGUE
from market.log import LogRecord
from pipelines.candles import CandleState
from pipelines.gaps import GapFinder
from pipelines.quality import Judge
from pipelines.store import Known, fold, judge
from storage.outcomes import Outcome, OutcomeWriter
from tests.pipelines.logs import parse_ticks

CONSUMER = "store-simulated"
_JUDGE = Judge(CATALOGUE)


@dataclass
class Snapshot:
    """How far the log was read, and the state of each partition there."""

    position: int = 0
    known: dict[str, Known] = field(default_factory=dict)
    candles: dict[str, CandleState] = field(default_factory=dict)


class Driver(contextlib.AbstractContextManager["Driver"]):
    """The flow without Bytewax: `step` reads, judges, folds and commits some records at one go."""

    def __init__(self, database_url: str, log: Sequence[LogRecord]) -> None:
        self._database_url = database_url
        self._log = log
        self._now = Snapshot()
        self._writer = OutcomeWriter(database_url, CONSUMER)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def step(self, count: int) -> None:
        """Commit what comes of the next so many records, together."""
        records = self._log[self._now.position : self._now.position + count]
        self._writer.commit([self._outcome(record) for record in records])
        self._now.position += len(records)

    def snapshot(self) -> Snapshot:
        """What a recovery would start from."""
        return copy.deepcopy(self._now)

    def crash(self, snapshot: Snapshot) -> None:
        """Lose what is in memory; a new process goes on from a snapshot."""
        self._writer.close()
        self._now = copy.deepcopy(snapshot)
        self._writer = OutcomeWriter(self._database_url, CONSUMER)

    def crash_without_snapshots(self) -> None:
        """The same where there are none: it goes on behind what is committed."""
        self.crash(Snapshot(position=self._now.position))

    def _outcome(self, record: LogRecord) -> Outcome:
        now, name = self._now, record.partition
        before = now.known.get(name) or Known(GapFinder())
        known, judged = judge(_JUDGE, before, record, parse_ticks(record, CATALOGUE))
        candles, outcome = fold(now.candles.get(name), judged)
        now.known[name], now.candles[name] = known, candles
        return outcome
