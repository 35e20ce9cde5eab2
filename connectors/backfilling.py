"""Backfilling: the minutes that nobody listened to, out of the providers' histories.

What is asked for is planned by pure functions. The answers go into a partition of their own, so that
history never delays what is live.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

import stamina

from connectors import alphavantage, coingecko
from connectors.answers import Request
from connectors.binance_klines import kline_requests
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    PremiumError,
    QuotaExceededError,
    TransientError,
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
ATTEMPTS = 20
DEADLINE_S = 900.0

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

    The first is asked alone: where key or plan do not hold it, the others are not asked at all.
    AppendError where the log does not take an answer.
    """
    if not requests or not await _one(fetch, requests[0], writer):
        return 0
    waiting = list(reversed(requests[1:]))
    came = 1

    async def work() -> None:
        nonlocal came
        while waiting:
            if await _one(fetch, waiting.pop(), writer):
                came += 1
            else:
                waiting.clear()

    await together(*(work() for _ in range(min(concurrency, len(waiting)))))
    return came


async def _one(fetch: Fetch, request: Request, writer: LogWriter) -> bool:
    """Fetch with retries and append; False where no further request of the plan has a chance."""
    try:
        async for attempt in stamina.retry_context(
            on=_again, attempts=ATTEMPTS, timeout=DEADLINE_S, wait_initial=0.5, wait_max=30.0
        ):
            with attempt:
                answer = await fetch(request)
    except _HOPELESS as error:
        log.warning("no history: %s", error)
        return False
    except ConnectorError as error:
        log.warning("no history of %s: %s", request, error)
        return True
    await writer.append([LogEntry(request.kind, request.context, answer.received_us, answer.body)])
    return True


def _again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, BurstError):
        return error.retry_after_s
    if isinstance(error, TransientError):
        return True if error.retry_after_s is None else error.retry_after_s
    return False


def _gap(
    instrument: Instrument, covered: Mapping[int, int], now_us: int, tolerated_us: int
) -> list[int]:
    """From when on candles are missing: one time, or none."""
    horizon_us = now_us - HORIZON_US
    since_us = max(covered.get(instrument.id, horizon_us), horizon_us)
    return [since_us] if now_us - since_us > tolerated_us else []
