"""Backfilling: what nobody listened to, out of a provider's history.

What is asked for is planned by the provider's connector. The answers go into a partition of their own,
so that history never delays what is live.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

import stamina

from connectors.answers import Answer, Request
from connectors.errors import (
    BadKeyError,
    BurstError,
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
LONGEST_PAUSE_S = 60.0
MALFORMED_PAUSE_S = 900.0
"""A nonsensical answer may have cost a call."""
PATIENCE_S = 900.0
"""A quota that the provider calls used up for longer ends a history; a shorter one is waited out."""
UNCHANGED = 304

_HOPELESS = (BadKeyError, PremiumError, QuotaExceededError)

log = logging.getLogger(__name__)

Fetch = Callable[[Request], Awaitable[Answer]]


async def backfill(
    fetch: Fetch,
    requests: Sequence[Request],
    writer: LogWriter,
    *,
    concurrency: int = CONCURRENCY,
    clock: Clock = system_clock,
) -> int:
    """Append the answers of these requests, a few at a time; how many came.

    What failed is asked for until it comes. The first is asked alone: where key or plan do not hold it,
    the others are not asked at all. AppendError where the log does not take an answer.
    """
    waiting = list(reversed(requests))
    came = 0

    async def ask_next() -> None:
        nonlocal came
        try:
            if await _comes(fetch, waiting.pop(), writer, clock):
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


async def _comes(fetch: Fetch, request: Request, writer: LogWriter, clock: Clock) -> bool:
    """Fetch, however often it takes, and append; False where the provider knows nothing of it."""

    def again(error: Exception) -> bool | float:
        return _again(error, clock())

    try:
        async for attempt in stamina.retry_context(
            on=again, attempts=None, timeout=None, wait_initial=0.5, wait_max=LONGEST_PAUSE_S
        ):
            with attempt:
                answer = await fetch(request)
    except UnknownAtProviderError as error:
        log.warning("no history of %s: %s", request, error)
        return False
    if answer.status != UNCHANGED:
        entry = LogEntry(request.kind, request.context, answer.received_us, answer.body)
        await writer.append([entry])
    return True


def _again(error: Exception, now_us: int) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, BurstError):
        return error.retry_after_s
    if isinstance(error, TransientError):
        return True if error.retry_after_s is None else error.retry_after_s
    if isinstance(error, NotYetError):  # what is live has the calls until then
        return max((error.until_us - now_us) / 1e6, 0.0) or True
    if isinstance(error, QuotaExceededError) and error.until_us is not None:
        wait_s = max((error.until_us - now_us) / 1e6, 0.0)
        return wait_s or True if wait_s <= PATIENCE_S else False
    return MALFORMED_PAUSE_S if isinstance(error, MalformedError) else False
