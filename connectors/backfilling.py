"""Backfilling: the minutes that nobody listened to, out of the providers' histories.

What is asked for is planned by pure functions. The answers go into a partition of their own, so that
history never delays what is live.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

import stamina

from connectors import alphavantage, coingecko
from connectors.answers import Request
from connectors.binance.klines import kline_requests
from connectors.errors import (
    BadKeyError,
    BurstError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.polling import Fetch
from connectors.together import together
from market.instruments import Instrument
from market.log import LogEntry, LogWriter

HORIZON_US = 86_400_000_000
"""How far back a history is asked for."""
KLINES_GAP_US = 120_000_000
SERIES_GAP_US = 300_000_000
CHART_GAP_US = 900_000_000
"""What has been uncovered for longer is a gap; a chart has but a point every five minutes."""

CONCURRENCY = 4
LONGEST_PAUSE_S = 60.0
MALFORMED_PAUSE_S = 900.0
"""A nonsensical answer may have cost a call."""

_HOPELESS = (BadKeyError, PremiumError, QuotaExceededError)

log = logging.getLogger(__name__)


def klines_to_fetch(
    url: str, instruments: Iterable[Instrument], covered: Mapping[int, int], now_us: int
) -> list[Request]:
    """Binance: the klines of every gap up to now."""
    return [
        request
        for instrument in instruments
        for since_us in _gap(instrument, covered, now_us, KLINES_GAP_US)
        for request in kline_requests(url, instrument, since_us, now_us)
    ]


def series_to_fetch(
    url: str, instruments: Iterable[Instrument], covered: Mapping[int, int], now_us: int
) -> list[Request]:
    """Alpha Vantage: the intraday series of every instrument with a gap."""
    return [
        alphavantage.history_request(url, instrument, since_us)
        for instrument in instruments
        for since_us in _gap(instrument, covered, now_us, SERIES_GAP_US)
    ]


def charts_to_fetch(
    url: str, instruments: Iterable[Instrument], covered: Mapping[int, int], now_us: int
) -> list[Request]:
    """CoinGecko: the last day of every coin with a gap."""
    return [
        coingecko.chart_request(url, instrument)
        for instrument in instruments
        if _gap(instrument, covered, now_us, CHART_GAP_US)
    ]


async def backfill(
    fetch: Fetch, requests: Sequence[Request], writer: LogWriter, *, concurrency: int = CONCURRENCY
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
            if await _comes(fetch, waiting.pop(), writer):
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


async def _comes(fetch: Fetch, request: Request, writer: LogWriter) -> bool:
    """Fetch, however often it takes, and append; False where the provider knows nothing of it."""
    try:
        async for attempt in stamina.retry_context(
            on=_again, attempts=None, timeout=None, wait_initial=0.5, wait_max=LONGEST_PAUSE_S
        ):
            with attempt:
                answer = await fetch(request)
    except UnknownAtProviderError as error:
        log.warning("no history of %s: %s", request, error)
        return False
    await writer.append([LogEntry(request.kind, request.context, answer.received_us, answer.body)])
    return True


def _again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, BurstError):
        return error.retry_after_s
    if isinstance(error, TransientError):
        return True if error.retry_after_s is None else error.retry_after_s
    return MALFORMED_PAUSE_S if isinstance(error, MalformedError) else False


def _gap(
    instrument: Instrument, covered: Mapping[int, int], now_us: int, tolerated_us: int
) -> list[int]:
    """From when on candles are missing: one time, or none."""
    horizon_us = now_us - HORIZON_US
    since_us = max(covered.get(instrument.id, horizon_us), horizon_us)
    return [since_us] if now_us - since_us > tolerated_us else []
