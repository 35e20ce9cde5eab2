"""Fetching: one GET with a deadline and a bound, and its failures as typed errors."""

import asyncio
import logging
from collections.abc import Callable, Mapping

import httpx2

from connectors.answers import Answer, Request
from connectors.errors import MalformedError, TransientError
from market.clock import Clock, system_clock

TIMEOUT_S = 10.0
MAX_BODY_BYTES = 16 * 2**20
MAX_RETRY_AFTER_S = 86_400.0

Check = Callable[[Answer, str], None]
"""Raises what an answer without prices means; the second argument says what was asked."""

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below it they write addresses, with keys


class Fetcher:
    """GETs of one provider over a shared HTTP client. `secrets` are parameters that no error shows."""

    def __init__(
        self,
        provider: str,
        http: httpx2.AsyncClient,
        check: Check,
        *,
        secrets: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        max_body_bytes: int = MAX_BODY_BYTES,
        clock: Clock = system_clock,
    ) -> None:
        self.provider = provider
        self._http = http
        self._check = check
        self._secrets = dict(secrets or {})
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    async def fetch(self, request: Request) -> Answer:
        """An answer that holds prices; every other outcome is a ConnectorError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._get(request)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise TransientError(self.provider, "no answer in time") from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise TransientError(self.provider, f"no answer: {type(error).__name__}") from None
        if 300 <= answer.status < 400:
            raise MalformedError(self.provider, f"HTTP {answer.status}")
        self._check(answer, str(request))
        return answer

    async def _get(self, request: Request) -> Answer:
        params = {**request.params, **self._secrets}
        async with self._http.stream(
            "GET", request.url, params=params, headers=self._headers, timeout=self._timeout_s
        ) as response:
            parts = []
            size = 0
            async for part in response.aiter_bytes():
                size += len(part)
                if size > self._max_body_bytes:
                    raise MalformedError(self.provider, f"more than {self._max_body_bytes} bytes")
                parts.append(part)
            retry_after_s = _seconds(response.headers.get("retry-after", ""))
            return Answer(response.status_code, b"".join(parts), self._clock(), retry_after_s)


def _seconds(text: str) -> float | None:
    """The seconds of a `retry-after`; None where there is none (or a date, which nobody sends)."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(float(text[:12]), MAX_RETRY_AFTER_S)
