"""Polling: requests of one provider in turns, each answer appended to the log before anything else.

An answer that equals the one before it, byte by byte, is not appended again. After a failure the
provider's own `retry-after` wins over every interval; a request that the plan does not hold, or of
something unknown, rests alone, and the others go on.
"""

import asyncio
import logging
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
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.ready = asyncio.Event()
        self._fetch = fetch
        self._requests = requests
        self._writer = writer
        self._spacing_us = round(spacing_s * 1e6)
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._sleep = sleep
        self._bodies: dict[str, bytes] = {}
        self._resting_until_us: dict[str, int] = {}
        self._failing = False

    async def run(self) -> None:
        """Poll until cancelled. AppendError when the log does not take an answer."""
        while self._requests:
            for request in self._requests:
                started_us = self._clock()
                if self._resting_until_us.get(str(request), 0) > started_us:
                    continue
                pause_us = await self._ask(request)
                self.ready.set()
                next_us = max(started_us + self._spacing_us, self._clock() + pause_us)
                await self._sleep(max(0, next_us - self._clock()) / 1e6)
            if all(self._resting_until_us.get(str(each), 0) > 0 for each in self._requests):
                await self._rest()

    async def _ask(self, request: Request) -> int:
        """Fetch and append; how long the provider is to be left alone, in µs."""
        try:
            answer = await self._fetch(request)
        except ConnectorError as error:
            return self._pause_us(error, request)
        if self._failing:
            log.info("%s answers again", request.kind)
        self._failing = False
        self._backoff.reset()
        self._resting_until_us.pop(str(request), None)
        if self._bodies.get(str(request)) != answer.body:
            entry = LogEntry(request.kind, request.context, answer.received_us, answer.body)
            await self._writer.append([entry])
            self._bodies[str(request)] = answer.body
        return 0

    def _pause_us(self, error: ConnectorError, request: Request) -> int:
        if isinstance(error, PremiumError | UnknownAtProviderError):
            log.warning("%s; asked again in %g h", error, REST_S / 3_600)
            self._resting_until_us[str(request)] = self._clock() + round(REST_S * 1e6)
            return 0
        if not self._failing:
            log.warning("%s", error)
        self._failing = True
        if isinstance(error, QuotaExceededError):
            rest_us = round(QUOTA_REST_S * 1e6)
            return rest_us if error.until_us is None else max(0, error.until_us - self._clock())
        if isinstance(error, BadKeyError):
            return round(REST_S * 1e6)
        wait_s = self._backoff.next_s()
        if isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            wait_s = max(error.retry_after_s, 0.0)
        return round(wait_s * 1e6)

    async def _rest(self) -> None:
        """Sleep until the first request may be asked for again."""
        wait_us = min(self._resting_until_us.values()) - self._clock()
        await self._sleep(max(0, wait_us) / 1e6)
