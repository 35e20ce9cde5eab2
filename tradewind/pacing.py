"""Pacing: a bulk load beside connectors at work pauses after each commit for as long as that took.

So it has the database half of the time at most. Its transactions are short, for what is on its way to
a screen waits for one at most, and it leaves the processor to everybody else.
"""

import os
import time
from collections.abc import Callable, Sequence

from connectors.recordings import MAX_ROWS_PER_RECORD
from market.clock import Clock, system_clock
from storage.arrivals import Arrivals
from storage.errors import DatabaseUnavailableError
from storage.outcomes import Outcome, OutcomeWriter

RECENT_US = 10_000_000
"""Connectors are at work where a record came within so long."""
LOOK_EVERY_S = 1.0
LONGEST_PAUSE_S = 2.0
ROWS_BESIDE_CONNECTORS = 2_000
"""How long a record may be, and so a transaction; about 10 ms."""
NICENESS = 10

Hand = Callable[[Sequence[Outcome]], None]


class Pace:
    """Commits through a hand as it is told, in one go or, beside connectors, record by record."""

    def __init__(
        self,
        arrivals: Arrivals,
        *,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._arrivals = arrivals
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._looked_s = float("-inf")
        self._busy = False

    def commit(self, outcomes: Sequence[Outcome], hand: Hand) -> None:
        """Commit; while connectors are at work each record by itself, with a pause after it."""
        if not self._connectors_work():
            hand(outcomes)
            return
        for outcome in outcomes:
            began_s = self._monotonic()
            hand([outcome])
            self._sleep(min(self._monotonic() - began_s, LONGEST_PAUSE_S))

    def max_rows(self) -> int:
        """How many rows of a file may go into one record now."""
        return ROWS_BESIDE_CONNECTORS if self._busy else MAX_ROWS_PER_RECORD

    def close(self) -> None:
        """Give the connection back."""
        self._arrivals.close()

    def _connectors_work(self) -> bool:
        now_s = self._monotonic()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            now_us = self._clock()
            try:
                newest_us = self._arrivals.newest_us(now_us)
            except DatabaseUnavailableError:
                newest_us = None  # the commit that follows says it better
            self._busy = newest_us is not None and now_us - newest_us <= RECENT_US
        return self._busy


class PacedWriter(OutcomeWriter):
    """An OutcomeWriter that keeps a pace, in a process that gives way to others from now on."""

    def __init__(self, database_url: str, consumer: str) -> None:
        super().__init__(database_url, consumer)
        self._pace = Pace(Arrivals(database_url))
        os.nice(NICENESS)

    def max_rows(self) -> int:
        """See `Pace.max_rows`."""
        return self._pace.max_rows()

    def commit(self, outcomes: Sequence[Outcome]) -> None:
        """See `OutcomeWriter.commit`; in several transactions while connectors are at work."""
        self._pace.commit(outcomes, super().commit)

    def close(self) -> None:
        """See `OutcomeWriter.close`."""
        self._pace.close()
        super().close()
