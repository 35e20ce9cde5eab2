"""Repairing: what a provider said while nobody heard it is asked for afterwards, gap by gap, in order.

Gaps are found and settled where the log is read; here they are worked off. The answers go into the
partition of history, so that they never delay what is live, and a gap that was not finished is found
open again, after a restart too.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.connector import Connector
from connectors.errors import (
    AppendError,
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    NotYetError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from market.clock import Clock, system_clock
from market.gaps import Gap
from market.log import LogEntry, LogWriter
from market.sources import Feed

EVERY_S = 5.0
"""How often the book is looked at."""
BAD_KEY_REST_S = 6 * 3_600.0
QUOTA_REST_S = 3_600.0
MAX_STEPS = 1_000
"""What one gap may cost in calls."""
MAX_ROUNDS = 3
"""A gap that is open still when it was asked for so often is lost: the provider has no more of it."""
MAX_REMEMBERED = 10_000
TRIES = 4
"""A step that failed is tried again so often before all waits."""

log = logging.getLogger(__name__)


class GapBook(Protocol):
    """Which gaps are known, and what has become of them."""

    async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
        """Gaps with their ids, the oldest first, that were not asked for yet, or long ago."""

    async def asked(self, gap_id: int) -> None:
        """All of it was asked for, and the answers are in the log."""

    async def lost(self, gap_id: int) -> None:
        """The provider does not offer it."""


class Repairer:
    """Works off the open gaps of one provider, one at a time. AppendError: the log failed."""

    def __init__(
        self,
        connector: Connector,
        feed: Feed,
        fetch: Callable[[Request], Awaitable[Answer]],
        gaps: GapBook,
        writer: LogWriter,
        *,
        every_s: float = EVERY_S,
        backoff: Backoff | None = None,
        clock: Clock = system_clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connector = connector
        self._feed = feed
        self._fetch = fetch
        self._gaps = gaps
        self._writer = writer
        self._every_s = every_s
        self._backoff = backoff or Backoff(first_s=1.0)
        self._clock = clock
        self._sleep = sleep
        self._rounds: Counter[int] = Counter()
        self._failures: Counter[int] = Counter()
        self._failing = False

    async def run(self) -> None:
        """Repair until cancelled."""
        while True:
            gaps = await self._gaps.open(self._connector.provider, self._feed)
            pause_s = self._every_s
            try:
                # Those that failed before come last: none holds up the others for good.
                for gap_id, gap in sorted(gaps, key=lambda each: self._failures[each[0]]):
                    await self._repair(gap_id, gap)
            except AppendError:
                raise
            except ConnectorError as error:
                # The next gap may fail alike: the book is looked at anew afterwards.
                pause_s = max(self._pause_s(error), pause_s)
            await self._sleep(pause_s)

    async def _repair(self, gap_id: int, gap: Gap) -> None:
        """Ask for one gap to its end. A ConnectorError: the provider is to be left alone."""
        try:
            steps = await self._ask(gap)
        except (PremiumError, UnknownAtProviderError) as error:
            log.warning("%s; a gap is lost", error)
            await self._gaps.lost(gap_id)
            return
        except (BurstError, MalformedError, TransientError):
            self._failures = _bounded(self._failures)
            self._failures[gap_id] += 1
            raise
        if self._failing:
            log.info("%s: gaps are filled again", self._connector.provider)
        self._failing = False
        self._backoff.reset()
        await self._settle(gap_id, steps)

    async def _ask(self, gap: Gap) -> int:
        """Append what the provider has of a gap, step by step; how many steps it took."""
        asked, last = 0, None
        while asked < MAX_STEPS:
            request = self._connector.repair(gap, asked, last)
            if request is None:
                break
            last = await self._answer(request)
            asked += 1
            entry = LogEntry(request.kind, request.context, last.received_us, last.body)
            await self._writer.append([entry])
        return asked

    async def _answer(self, request: Request) -> Answer:
        """What the provider says to one step, whose short failures are waited out."""
        for _ in range(TRIES - 1):
            try:
                return await self._fetch(request)
            except (BurstError, TransientError) as error:
                await self._sleep(self._wait_s(error))
        return await self._fetch(request)

    async def _settle(self, gap_id: int, steps: int) -> None:
        del self._failures[gap_id]
        self._rounds = _bounded(self._rounds)
        self._rounds[gap_id] += 1
        if steps == 0 or self._rounds[gap_id] > MAX_ROUNDS:
            log.info("%s: a gap is lost, the provider has no more", self._connector.provider)
            del self._rounds[gap_id]
            await self._gaps.lost(gap_id)
        else:
            await self._gaps.asked(gap_id)

    def _pause_s(self, error: ConnectorError) -> float:
        if isinstance(error, NotYetError):  # no failure: what is live has the calls until then
            return (error.until_us - self._clock()) / 1e6
        if not self._failing:
            log.warning("gaps wait: %s", error)
        self._failing = True
        if isinstance(error, BadKeyError):
            return BAD_KEY_REST_S
        if isinstance(error, QuotaExceededError):
            if error.until_us is None:
                return QUOTA_REST_S
            return max((error.until_us - self._clock()) / 1e6, self._every_s)
        return self._wait_s(error)

    def _wait_s(self, error: ConnectorError) -> float:
        wait_s = self._backoff.next_s()
        if isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            return max(wait_s, error.retry_after_s)
        return wait_s


def _bounded(counts: Counter[int]) -> Counter[int]:
    """The same, or a new one where too much would be remembered."""
    return counts if len(counts) < MAX_REMEMBERED else Counter()
