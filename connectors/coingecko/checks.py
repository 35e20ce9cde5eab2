"""CoinGecko's errors: four shapes of body, a handful of codes, and what each asks us to do next."""

import re

import msgspec

from connectors.answers import Answer, decode_or_none
from connectors.coingecko.coins import PROVIDER
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.numerals import text_of
from connectors.refusals import scrubbed

RETRY_S = 60.0
"""How long after a 429 that does not say it: limits are counted by the minute."""
BLOCK_S = 300.0
"""How long after the CDN has blocked us: it wants quiet."""
MAX_MESSAGE_CHARS = 100

_BAD_KEY = {
    "10002": "set a demo key for plan demo (api.coingecko.com), a pro key for plan pro "
    "(pro-api.coingecko.com)",
    "10010": "a pro key wants plan pro (pro-api.coingecko.com); this is also what "
    "api.coingecko.com says to a mistyped key",
    "10011": "a demo key wants plan demo (api.coingecko.com); this is also what "
    "pro-api.coingecko.com says to a mistyped key",
    "401": "check the key and that it is still active",
}
_PREMIUM = {
    "10005": "upgrade the plan, or leave this out",
    "10012": "ask for no more than the past 365 days, or upgrade the plan",
}
_FAILED = {"408", *map(str, range(500, 600))}
_BLOCKED = {"403", "1020"}
_KEY = re.compile(r"CG-\w+")


class _Status(msgspec.Struct):
    error_code: msgspec.Raw = msgspec.Raw(b"")
    error_message: msgspec.Raw = msgspec.Raw(b"")


class _Wrapped(msgspec.Struct):
    status: _Status


class _Error(msgspec.Struct):
    code: str
    message: str


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without prices means; `request` says what was asked."""
    error = _error_of(answer.body)
    status = str(answer.status)
    if error is None and answer.status >= 400:
        error = _Error("", "")
    if error is not None:
        raise _failure(error, status, request, answer)
    if answer.body.lstrip()[:1] not in (b"{", b"["):
        raise MalformedError(PROVIDER, "neither a JSON object nor a list")


def _error_of(body: bytes) -> _Error | None:
    """The code and text of an error, wherever its shape holds them; None: it is none.

    A coin may well be named "status": only what has a code or a message is an error.
    """
    fields = decode_or_none(body, dict[str, msgspec.Raw])
    if fields is None:
        return None
    status = _status_of(fields.get("status")) or _Error("", "")
    if "error_code" in fields:
        return _Error(text_of(fields["error_code"]), status.message)
    if status.code or status.message:
        return status
    error = fields.get("error")
    if error is None:
        return None
    if bytes(error).startswith(b'"'):
        return _Error("", message_of(error))
    wrapped = decode_or_none(error, _Wrapped)
    return None if wrapped is None else _flat(wrapped.status)


def _status_of(raw: msgspec.Raw | None) -> _Error | None:
    status = None if raw is None else decode_or_none(raw, _Status)
    return None if status is None else _flat(status)


def _flat(status: _Status) -> _Error:
    return _Error(text_of(status.error_code), message_of(status.error_message))


def _failure(error: _Error, status: str, request: str, answer: Answer) -> ConnectorError:
    """One typed error; the HTTP status speaks where the body has no code that we know."""
    for code in (error.code, status):
        if code == "429":
            return BurstError(PROVIDER, answer.retry_after_s or RETRY_S)
        if code in _BAD_KEY:
            return BadKeyError(PROVIDER, _BAD_KEY[code])
        if code in _PREMIUM:
            return PremiumError(PROVIDER, request, _PREMIUM[code])
        if code in _BLOCKED:
            what = f"HTTP {status}, its CDN has blocked us: ask less often or from elsewhere"
            return TransientError(PROVIDER, what, answer.retry_after_s or BLOCK_S)
        if code in _FAILED:
            what = f"HTTP {status}: nothing to do but ask again later"
            return TransientError(PROVIDER, what, answer.retry_after_s)
    return UnknownAtProviderError(PROVIDER, request, _advice(error.message))


def message_of(raw: msgspec.Raw) -> str:
    """What the provider says, cut short and without any key that it echoes."""
    return _KEY.sub("***", scrubbed(text_of(raw)))[:MAX_MESSAGE_CHARS]


def _advice(message: str) -> str:
    if not message:
        return "check the coin's id and the parameters"
    return f'it says "{message}", check the coin\'s id and the parameters'
