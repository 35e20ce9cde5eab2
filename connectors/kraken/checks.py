"""What Kraken's answers mean that hold no result: a list of errors under HTTP 200, or a bare status."""

import msgspec

from connectors.answers import Answer, decode
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.kraken.frames import PROVIDER
from connectors.refusals import scrubbed

RETRY_S = 15.0
LOCKOUT_S = 900.0
_MAX_WORDS_CHARS = 100


class Body(msgspec.Struct):
    """Every answer: errors, and where there are none a result."""

    error: list[str]
    result: dict[str, msgspec.Raw] | None = None


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without a result means."""
    if answer.status == 429:
        raise BurstError(PROVIDER, answer.retry_after_s or RETRY_S)
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    body = decode(PROVIDER, answer.body, Body)
    errors = [each for each in body.error if each.startswith("E")]  # one with a W only warns
    if errors:
        raise error_of(errors[0], request, answer.retry_after_s)
    if answer.status >= 400:
        raise UnknownAtProviderError(PROVIDER, request)
    if body.result is None:
        raise MalformedError(PROVIDER, "an answer without error and result")


def error_of(words: str, request: str, retry_after_s: float | None = None) -> ConnectorError:
    """The exchange's `E<category>:<message>`, typed. What is not known is tried again."""
    category, _, message = words.partition(":")
    lower = message.lower()
    if "rate limit" in lower or "too many" in lower:
        return BurstError(PROVIDER, retry_after_s or RETRY_S)
    if "lockout" in lower:
        return BurstError(PROVIDER, retry_after_s or LOCKOUT_S)
    if category == "EQuery" or "invalid arguments" in lower or "unknown method" in lower:
        return UnknownAtProviderError(PROVIDER, request)
    if category == "EAPI" or "permission denied" in lower:
        return BadKeyError(PROVIDER)
    return TransientError(PROVIDER, scrubbed(words)[:_MAX_WORDS_CHARS], retry_after_s)
