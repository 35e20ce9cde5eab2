"""Quotas: one ledger for all processes, fast in Redis and durable in PostgreSQL.

A call is first taken from the windows in Redis, all its limits in one step, and then entered in
PostgreSQL; only then is it granted. So Redis may lose everything at any moment: it is filled anew from
the ledger, and what it granted before is not entered any more. While it is away, calls are granted
more slowly, by the ledger alone; while PostgreSQL is away, none is.
"""

import contextlib
import logging

from market.clock import Clock, system_clock
from market.quotas import Budget, Grant
from storage.errors import CacheUnavailableError, DatabaseUnavailableError
from storage.quota_book import Entered, QuotaBook
from storage.quota_rules import counts
from storage.quota_windows import QuotaWindows, Verdict

RETRY_US = 1_000_000
"""When to try again where there is no ledger to ask."""
CROWDED_US = 50_000
ATTEMPTS = 5
NOTED_EVERY_US = 1_000_000
"""Successes of a budget are written down no more often."""

OK = "ok"

log = logging.getLogger(__name__)


class QuotaLedger:
    """See `market.quotas.QuotaLedger`. Belongs to one event loop; no method raises a StorageError."""

    def __init__(self, database_url: str, redis_url: str, *, clock: Clock = system_clock) -> None:
        self._book = QuotaBook(database_url, clock=clock)
        self._windows = QuotaWindows(redis_url)
        self._clock = clock
        self._unsaved: dict[Budget, int] = {}
        self._noted_us: dict[Budget, int] = {}
        self._away = ""

    async def take(self, budget: Budget, *, spread: bool = True) -> Grant:
        """Take one call, of every limit or of none."""
        try:
            await self._save_blocks(budget)
            until_us = await self._take_from_both(budget, spread)
            self._tell_away("")
        except CacheUnavailableError:
            self._tell_away("Redis is away, calls are granted more slowly")
            until_us = await self._take_alone(budget, spread)
        except DatabaseUnavailableError:
            self._tell_away("PostgreSQL is away, no calls are granted")
            until_us = self._later_us(budget)
        return Grant(granted=until_us == 0, again_us=until_us)

    async def block(self, budget: Budget, until_us: int) -> None:
        """Grant nothing before this instant: the provider said so."""
        self._unsaved[budget] = max(until_us, self._unsaved.get(budget, 0))
        try:
            await self._save_blocks(budget)
        except DatabaseUnavailableError as error:
            log.warning("only this process leaves %s alone yet: %s", budget.provider, error)

    async def note(self, budget: Budget, outcome: str, *, next_us: int | None = None) -> None:
        """Remember how a call went ("ok", or what failed) and when the next is planned."""
        now_us = self._clock()
        failure = None if outcome == OK else outcome
        if failure is None and next_us is None:
            if abs(now_us - self._noted_us.get(budget, 0)) < NOTED_EVERY_US:
                return
            self._noted_us[budget] = now_us
        try:
            await self._book.note(budget, now_us, failure, next_us)
        except DatabaseUnavailableError as error:
            log.warning("how a call of %s went is not noted: %s", budget.provider, error)

    async def close(self) -> None:
        """Give the connections back."""
        await self._windows.close()
        await self._book.close()

    async def _take_from_both(self, budget: Budget, spread: bool) -> int:
        """0 where the call is granted, else from when on one may be tried."""
        counted = counts(budget, spread=spread)
        for _ in range(ATTEMPTS):
            now_us = self._clock()
            answer = await self._windows.take(budget, counted, now_us, spread=spread)
            if answer.verdict is Verdict.REFUSED:
                return answer.again_us
            if answer.verdict is Verdict.LOST:
                await self._fill(budget, now_us)
                continue
            entered = await self._enter(budget, now_us, spread, answer.generation)
            if not entered.stale:
                return entered.until_us
        return self._clock() + CROWDED_US

    async def _take_alone(self, budget: Budget, spread: bool) -> int:
        """The same from the ledger alone."""
        counted = counts(budget, spread=spread)
        try:
            entered = await self._book.enter(
                budget, counted, self._clock(), spread=spread, generation=None
            )
        except DatabaseUnavailableError:
            return self._later_us(budget)
        return self._clock() + CROWDED_US if entered.stale else entered.until_us

    async def _enter(self, budget: Budget, now_us: int, spread: bool, generation: int) -> Entered:
        """Enter what the windows granted; where that fails they have counted one too many."""
        counted = counts(budget, spread=spread)
        entered = None
        try:
            entered = await self._book.enter(
                budget, counted, now_us, spread=spread, generation=generation
            )
        finally:
            if entered is None or entered.stale or entered.until_us:
                await self._windows.forget(budget, generation)
        return entered

    async def _fill(self, budget: Budget, now_us: int) -> None:
        standing = await self._book.refill(budget, now_us)
        await self._windows.fill(budget, counts(budget, spread=False), standing, now_us)

    async def _save_blocks(self, budget: Budget) -> None:
        """Enter what the provider said; what PostgreSQL has not taken yet holds in this process."""
        until_us = self._unsaved.get(budget, 0)
        if not until_us:
            return
        await self._book.block(budget, until_us)
        if self._unsaved.get(budget) == until_us:
            del self._unsaved[budget]
        with contextlib.suppress(CacheUnavailableError):  # the ledger holds every call back too
            await self._windows.block(budget, until_us)

    def _later_us(self, budget: Budget) -> int:
        return max(self._clock() + RETRY_US, self._unsaved.get(budget, 0))

    def _tell_away(self, what: str) -> None:
        if what and what != self._away:
            log.warning("%s", what)
        self._away = what
