"""Fetching: one GET out of a budget, with a deadline and a bound, and its failures as typed errors.

A call is granted before it is made. What the provider then says of its quota holds for every process:
the ledger is told before the caller is.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime

import httpx2

from connectors.answers import Answer, Request
from connectors.connector import Endpoint
from connectors.errors import (
    BurstError,
    ConnectorError,
    MalformedError,
    NotYetError,
    QuotaExceededError,
    TransientError,
)
from market.clock import Clock, microseconds, system_clock
from market.quotas import Budget, QuotaLedger

TIMEOUT_S = 10.0
MAX_BODY_BYTES = 16 * 2**20
MAX_RETRY_AFTER_S = 86_400.0
QUOTA_REST_S = 3_600.0
"""How long a provider is left alone whose quota is used up until it does not say when."""
PATIENCE_S = 5.0
"""A grant that comes within this time is waited for."""
MOST_VALIDATORS = 256
"""Of so many requests it is known which answer was the last."""
UNCHANGED = 304

Sleep = Callable[[float], Awaitable[None]]

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below it they write addresses, with keys


class Fetcher:
    """GETs of one provider over a shared HTTP client, each out of the budget.

    `spread` is the live plan: paced over the day, and asked only for what has changed (see `fetch`).
    History goes without: it takes the share that is left for it, and every answer whole.
    """

    def __init__(
        self,
        provider: str,
        endpoint: Endpoint,
        http: httpx2.AsyncClient,
        *,
        ledger: QuotaLedger,
        budget: Budget,
        clock: Clock = system_clock,
        spread: bool = True,
        patience_s: float = PATIENCE_S,
        timeout_s: float = TIMEOUT_S,
        max_body_bytes: int = MAX_BODY_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.provider = provider
        self._endpoint = endpoint
        self._http = http
        self._ledger = ledger
        self._budget = budget
        self._clock = clock
        self._spread = spread
        self._patience_s = patience_s
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._monotonic = monotonic
        self._sleep = sleep
        self._validators: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def fetch(self, request: Request) -> Answer:
        """An answer that holds prices; every other outcome is a ConnectorError.

        Status 304 with an empty body: it is what the last answer to this request was. NotYetError:
        nothing was asked, for no call is granted soon.
        """
        await self._granted()
        try:
            answer = await self._answer(request)
        except ConnectorError as error:
            await self._note(error)
            raise
        await self._ledger.note(self._budget, "ok")
        return answer

    async def _granted(self) -> None:
        """Return once a call is granted."""
        end_s = self._monotonic() + self._patience_s
        while True:
            grant = await self._ledger.take(self._budget, spread=self._spread)
            if grant.granted:
                return
            wait_s = max(0.001, (grant.again_us - self._clock()) / 1e6)
            if self._monotonic() + wait_s > end_s:
                raise NotYetError(self.provider, grant.again_us)
            await self._sleep(wait_s)

    async def _answer(self, request: Request) -> Answer:
        name = _name_of(request)
        known = self._validators.get(name, {}) if self._spread else {}
        answer, validators = await self._get_in_time(request, known)
        if known and answer.status == UNCHANGED:
            self._validators.move_to_end(name)
            return Answer(UNCHANGED, b"", answer.received_us)
        if 300 <= answer.status < 400:
            raise MalformedError(self.provider, f"HTTP {answer.status}")
        try:
            self._endpoint.check(answer, str(request))
        except ConnectorError:
            if answer.retry_after_s is not None:
                await self._block(answer.received_us + round(answer.retry_after_s * 1e6))
            raise
        self._validators.pop(name, None)
        if validators and self._spread:
            self._validators[name] = validators
            if len(self._validators) > MOST_VALIDATORS:
                self._validators.popitem(last=False)
        return answer

    async def _note(self, error: ConnectorError) -> None:
        """Tell the ledger what failed, and for how long nobody is to ask."""
        until_us = None
        if isinstance(error, QuotaExceededError):
            until_us = error.until_us or self._clock() + round(QUOTA_REST_S * 1e6)
        elif isinstance(error, BurstError | TransientError) and error.retry_after_s is not None:
            until_us = self._clock() + round(error.retry_after_s * 1e6)
        if until_us is not None:
            await self._block(until_us)
        await self._ledger.note(self._budget, str(error))

    async def _block(self, until_us: int) -> None:
        if until_us > self._clock():
            await self._ledger.block(self._budget, until_us)

    async def _get_in_time(
        self, request: Request, known: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._get(request, known)
        except (TimeoutError, httpx2.TimeoutException):
            raise TransientError(self.provider, "no answer in time") from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise TransientError(self.provider, f"no answer: {type(error).__name__}") from None

    async def _get(
        self, request: Request, known: Mapping[str, str]
    ) -> tuple[Answer, dict[str, str]]:
        endpoint = self._endpoint
        params = {**request.params, **endpoint.secrets}
        headers = {"Accept": endpoint.accept, **endpoint.headers, **known}
        async with self._http.stream(
            "GET",
            request.url,
            params=params,
            headers=headers,
            timeout=self._timeout_s,
            follow_redirects=False,
        ) as response:
            parts = []
            size = 0
            async for part in response.aiter_bytes():
                size += len(part)
                if size > self._max_body_bytes:
                    raise MalformedError(self.provider, f"more than {self._max_body_bytes} bytes")
                parts.append(part)
            now_us = self._clock()
            wait_s = _seconds(response.headers.get("retry-after", ""), now_us)
            answer = Answer(response.status_code, b"".join(parts), now_us, wait_s)
            return answer, _validators(response.headers)


def _name_of(request: Request) -> str:
    return f"{request} {request.url} {sorted(request.params.items())}"


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that ask for something newer than this answer."""
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    return {ask: headers[told] for ask, told in pairs if headers.get(told)}


def _seconds(text: str, now_us: int) -> float | None:
    """The seconds of a `retry-after`, also where it is a date; None where it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER_S)
    try:
        wait_s = (microseconds(parsedate_to_datetime(text)) - now_us) / 1e6
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)
