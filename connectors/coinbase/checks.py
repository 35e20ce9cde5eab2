"""What Coinbase's answers mean that hold no rows: a message under an HTTP status."""

import msgspec

from connectors.answers import Answer, decode, decode_or_none
from connectors.coinbase.frames import PROVIDER
from connectors.errors import BadKeyError, BurstError, TransientError, UnknownAtProviderError

RETRY_S = 5.0

_FOR_GOOD = frozenset({"NotFound", "Invalid product id"})
"""Words, under HTTP 200 too, that no second try will change; any other may pass."""


class _Message(msgspec.Struct):
    message: str


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without rows means."""
    if answer.status == 429:
        raise BurstError(PROVIDER, answer.retry_after_s or RETRY_S)
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status in (401, 403):
        raise BadKeyError(PROVIDER)
    refusal = decode_or_none(answer.body, _Message)
    if answer.status >= 400 or (refusal is not None and refusal.message in _FOR_GOOD):
        raise UnknownAtProviderError(PROVIDER, request)
    if refusal is not None:
        raise TransientError(PROVIDER, "an error instead of rows", answer.retry_after_s)
    decode(PROVIDER, answer.body, list[msgspec.Raw])
