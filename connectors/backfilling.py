"""Backfilling: what nobody listened to, out of a provider's history.

What is asked for is planned by the provider's connector. The answers go into a partition of their own,
so that history never delays what is live.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.errors import (
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
from connectors.together import together
from market.clock import Clock, system_clock
from market.log import LogEntry, LogWriter

CONCURRENCY = 4
MALFORMED_PAUSE_S = 900.0
"""A nonsensical answer may have cost a call."""
PATIENCE_S = 900.0
"""A quota that the provider calls used up for longer ends a history; a shorter one is waited out."""

_HOPELESS = (BadKeyError, PremiumError, QuotaExceededError)
_PASSING = (BurstError, MalformedError, QuotaExceededError, TransientError)

log = logging.getLogger(__name__)

Fetch = Callable[[Request], Awaitable[Answer]]


async def backfill(
    fetch: Fetch,
    requests: Sequence[Request],
    writer: LogWriter,
    *,
    concurrency: int = CONCURRENCY,
    clock: Clock = system_clock,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> int:
    """Append the answers of these requests, a few at a time; how many came.

    What failed is asked for until it comes. The first is asked alone: where key or plan do not hold it,
    the others are not asked at all. AppendError where the log does not take an answer.
    """
    asking = _Asking(fetch, writer, clock, sleep)
    waiting = list(reversed(requests))
    came = 0

    async def ask_next() -> None:
        nonlocal came
        try:
            if await asking.comes(waiting.pop()):
                came += 1
        except _HOPELESS as error:
            log.warning("no history: %s", error)
            waiting.clear()

    async def work() -> None:
        while waiting:
            await ask_next()

    if waiting:
        await ask_next()
    await together(*(work() for _ in range(min(concurrency, len(waiting)))))
    return came


@dataclass(slots=True)
class _Asking:
    """Asks for one request until it comes; tells that histories wait once, not at every try."""

    fetch: Fetch
    writer: LogWriter
    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    failing: bool = False

    async def comes(self, request: Request) -> bool:
        """Append the answer; False where the provider knows nothing of it."""
        backoff = Backoff()
        while True:
            try:
                answer = await self.fetch(request)
                break
            except UnknownAtProviderError as error:
                log.warning("no history of %s: %s", request, error)
                return False
            except _PASSING as error:
                wait_s = self._wait_s(error, backoff)
                if wait_s is None:
                    raise
                self._tell(error)
            await self.sleep(wait_s)
        self.failing = False
        entry = LogEntry(request.kind, request.context, answer.received_us, answer.body)
        await self.writer.append([entry])
        return True

    def _wait_s(self, error: ConnectorError, backoff: Backoff) -> float | None:
        """How long to wait before the next try; None where there is no hope."""
        if isinstance(error, QuotaExceededError):
            if error.until_us is None:
                return None
            wait_s = max((error.until_us - self.clock()) / 1e6, 0.0) + backoff.next_s()
            # What our own plan does not grant yet, it will: what is live has the calls until then.
            hopeful = isinstance(error, NotYetError) or wait_s <= PATIENCE_S
            return wait_s if hopeful else None
        if isinstance(error, MalformedError):
            return MALFORMED_PAUSE_S
        wait_s = backoff.next_s()
        if isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            return max(error.retry_after_s, 0.0)
        return wait_s

    def _tell(self, error: ConnectorError) -> None:
        if not self.failing and not isinstance(error, NotYetError):
            self.failing = True
            log.warning("a history waits: %s", error)
