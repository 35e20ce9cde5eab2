"""What the client makes of answers: their bodies as files, and refusals as errors."""

import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx2


class ClientError(Exception):
    """The root of this module's errors."""


class UnreachableError(ClientError):
    """Nobody answers at that address, or the answer broke off: what came of it is not the whole."""

    def __init__(self, url: str, what: str) -> None:
        super().__init__(url, what)
        self.url = url
        self.what = what

    def __str__(self) -> str:
        return f"{self.url}: {self.what}"


class RefusedError(ClientError):
    """The server said no. `code` is the API's (`UNKNOWN_SYMBOL`, `RANGE_TOO_LARGE`, `VALIDATION_ERROR`,
    `SQL_INVALID`, …), `details` what it said of it, `request_id` what its log knows the request by."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(status, code, message, details, request_id)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}
        self.request_id = request_id

    def __str__(self) -> str:
        faults = [
            f"{each.get('field')}: {each.get('message')}" for each in self.details.get("fields", ())
        ]
        return "; ".join(
            [f"{self.code}: {self.message}", *(each for each in faults if each not in self.message)]
        )


class RangeTooLargeError(RefusedError):
    """More than one answer may hold: `details` names the bound, and the `end` of a range that fits."""


class BusyError(RefusedError):
    """Not now: the same request may well work in `retry_after_s` seconds."""

    retry_after_s: float = 1.0


class Body(io.RawIOBase):
    """An answer's body as a file that is read once."""

    def __init__(self, response: httpx2.Response) -> None:
        self._pieces = response.iter_bytes()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def refusal_of(response: httpx2.Response) -> ClientError:
    """What an answer means that is none of 200."""
    try:
        body = response.json()
        error, meta = body["error"], body.get("meta", {})
        code, message, details = error["code"], error["message"], error.get("details")
    except (ValueError, KeyError, TypeError):
        return UnreachableError(str(response.url), f"HTTP {response.status_code}, not by Tradewind")
    kind = RangeTooLargeError if code == "RANGE_TOO_LARGE" else RefusedError
    if response.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        kind = BusyError
    refusal = kind(response.status_code, code, message, details, meta.get("request_id"))
    if isinstance(refusal, BusyError):
        refusal.retry_after_s = float(response.headers.get("retry-after", refusal.retry_after_s))
    return refusal
