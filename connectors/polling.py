"""Polling: requests of one provider in turns, each answer appended to the log before anything else.

An answer that equals the one before it, byte by byte, is not appended again. After a failure the
provider's own `retry-after` wins over every interval; a request that the plan does not hold, or of
something unknown, rests alone, and the others go on. Pauses are measured by a clock that nobody sets.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from market.clock import Clock, system_clock
from market.log import LogEntry, LogWriter

REST_S = 6 * 3_600.0
"""How long a request rests that the provider refuses for good, and how long after a bad key."""
QUOTA_REST_S = 3_600.0

Fetch = Callable[[Request], Awaitable[Answer]]
Sleep = Callable[[float], Awaitable[None]]

log = logging.getLogger(__name__)


class Poller:
    """Asks for each request in turn, `spacing_s` from one call to the next, for ever.

    `ready` is set once the first was asked for, whatever came of it.
    """

    def __init__(
        self,
        fetch: Fetch,
        requests: Sequence[Request],
        writer: LogWriter,
        *,
        spacing_s: float,
        backoff: Backoff | None = None,
        clock: Clock = system_clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.ready = asyncio.Event()
        self._fetch = fetch
        self._requests = requests
        self._writer = writer
        self._spacing_s = spacing_s
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._bodies: dict[str, bytes] = {}
        self._resting_until_s: dict[str, float] = {}
        self._failing = False

    async def run(self) -> None:
        """Poll until cancelled. AppendError when the log does not take an answer."""
        while self._requests:
            for request in self._requests:
                started_s = self._monotonic()
                if self._resting_until_s.get(str(request), started_s) > started_s:
                    continue
                pause_s = await self._ask(request)
                self.ready.set()
                now_s = self._monotonic()
                await self._sleep(max(started_s + self._spacing_s - now_s, pause_s))
            if all(str(each) in self._resting_until_s for each in self._requests):
                await self._rest()

    async def _ask(self, request: Request) -> float:
        """Fetch and append; how long the provider is to be left alone, in seconds."""
        try:
            answer = await self._fetch(request)
        except ConnectorError as error:
            return self._pause_s(error, request)
        if self._failing:
            log.info("%s answers again", request.kind)
        self._failing = False
        self._backoff.reset()
        self._resting_until_s.pop(str(request), None)
        if self._bodies.get(str(request)) != answer.body:
            entry = LogEntry(request.kind, request.context, answer.received_us, answer.body)
            await self._writer.append([entry])
            self._bodies[str(request)] = answer.body
        return 0.0

    def _pause_s(self, error: ConnectorError, request: Request) -> float:
        if isinstance(error, PremiumError | UnknownAtProviderError):
            log.warning("%s; asked again in %g h", error, REST_S / 3_600)
            self._resting_until_s[str(request)] = self._monotonic() + REST_S
            return 0.0
        if not self._failing:
            log.warning("%s", error)
        self._failing = True
        if isinstance(error, QuotaExceededError):
            if error.until_us is None:
                return QUOTA_REST_S
            return max(0, error.until_us - self._clock()) / 1e6
        if isinstance(error, BadKeyError):
            return REST_S
        wait_s = self._backoff.next_s()
        if isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            wait_s = max(error.retry_after_s, 0.0)
        return wait_s

    async def _rest(self) -> None:
        """Sleep until the first request may be asked for again."""
        wait_s = min(self._resting_until_s.values()) - self._monotonic()
        await self._sleep(max(0.0, wait_s))
