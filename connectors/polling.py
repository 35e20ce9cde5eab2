"""Polling: the requests of one provider, each answer appended to the log before anything else.

Whenever a call is granted the poll is asked that is due and most wanted (see `connectors.planning`). An
answer that tells the same as the one before it is not appended again. After a failure the provider's
own `retry-after` wins over every interval; a request that the plan does not hold, or of something
unknown, rests alone, and the others go on. Pauses are measured by a clock that nobody sets.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.connector import Poll
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    NotYetError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.fetching import QUOTA_REST_S, UNCHANGED
from connectors.planning import chosen, first_turn, next_due_s
from market.clock import Clock, system_clock
from market.log import LogEntry, LogWriter
from market.quotas import Budget, QuotaLedger, Wants

REST_S = 6 * 3_600.0
"""How long a request rests that the provider refuses for good, and how long after a bad key."""

Fetch = Callable[[Request], Awaitable[Answer]]
Sleep = Callable[[float], Awaitable[None]]

log = logging.getLogger(__name__)


class Poller:
    """Asks for ever. `fetch` takes each call out of `budget`; the ledger is told when the next is due.

    `ready` is set once the first was asked for, whatever came of it.
    """

    def __init__(
        self,
        fetch: Fetch,
        polls: Sequence[Poll],
        writer: LogWriter,
        *,
        wants: Wants,
        ledger: QuotaLedger,
        budget: Budget,
        clock: Clock = system_clock,
        backoff: Backoff | None = None,
        breaker: Breaker | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.ready = asyncio.Event()
        self._fetch = fetch
        self._polls = polls
        self._writer = writer
        self._wants = wants
        self._ledger = ledger
        self._budget = budget
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._breaker = breaker or Breaker()
        self._monotonic = monotonic
        self._sleep = sleep
        self._turns = [first_turn(monotonic()) for _ in polls]
        self._bodies: dict[int, bytes] = {}
        self._failing = False

    async def run(self) -> None:
        """Poll until cancelled. AppendError when the log does not take an answer."""
        while self._polls:
            wants = await self._wants.wanted()
            index = chosen(self._polls, self._turns, wants, self._monotonic())
            if index is None:
                pause_s = next_due_s(self._turns) - self._monotonic()
            else:
                pause_s = await self._ask(index)
                self.ready.set()
            if pause_s > 0:
                await self._sleep(pause_s)

    async def _ask(self, index: int) -> float:
        """Fetch and append; how long the provider is to be left alone, in seconds."""
        poll, turn = self._polls[index], self._turns[index]
        started_s = self._monotonic()
        try:
            answer = await self._fetch(poll.request)
        except NotYetError as error:
            return self._until_s(error.until_us)
        except ConnectorError as error:
            turn.asked_s = started_s
            pause_s = self._pause_s(error, index)
            await self._plan(str(error), pause_s)
            return pause_s
        turn.asked_s, turn.due_s = started_s, started_s + poll.every_s
        self._worked(poll)
        if self._is_news(index, answer):
            request = poll.request
            entry = LogEntry(request.kind, request.context, answer.received_us, answer.body)
            await self._writer.append([entry])
            self._bodies[index] = answer.body
        await self._plan("ok", 0.0)
        return 0.0

    def _is_news(self, index: int, answer: Answer) -> bool:
        if answer.status == UNCHANGED:
            return False
        before = self._bodies.get(index)
        return before is None or not self._polls[index].same(before, answer.body)

    def _worked(self, poll: Poll) -> None:
        if self._failing:
            log.info("%s: %s answers again", self._budget.provider, poll.request.kind)
        self._failing = False
        self._backoff.reset()
        self._breaker.worked()

    def _pause_s(self, error: ConnectorError, index: int) -> float:
        if isinstance(error, PremiumError | UnknownAtProviderError):
            log.warning("%s; asked again in %g h", error, REST_S / 3_600)
            self._turns[index].due_s = self._monotonic() + REST_S
            return 0.0
        if not self._failing:
            log.warning("%s", error)
        self._failing = True
        if isinstance(error, QuotaExceededError):
            until_us = error.until_us or 0
            return self._until_s(until_us) if until_us > self._clock() else QUOTA_REST_S
        if isinstance(error, BadKeyError):
            return REST_S
        rest_s = max(self._backoff.next_s(), self._breaker.failed())
        told_s = error.retry_after_s if isinstance(error, BurstError | TransientError) else None
        return rest_s if told_s is None or told_s <= 0 else told_s

    def _until_s(self, until_us: int) -> float:
        return max(0.001, (until_us - self._clock()) / 1e6)

    async def _plan(self, outcome: str, pause_s: float) -> None:
        """Tell the ledger when the next call is due."""
        now_s = self._monotonic()
        wait_s = max(pause_s, next_due_s(self._turns) - now_s, 0.0)
        next_us = self._clock() + round(wait_s * 1e6)
        await self._ledger.note(self._budget, outcome, next_us=next_us)
