"""What Binance's answers mean that hold no rows: too many calls, unknown symbols, faults of its own."""

import msgspec

from connectors.answers import Answer, decode, decode_or_none
from connectors.binance.frames import PROVIDER
from connectors.errors import BurstError, TransientError, UnknownAtProviderError

BAN_S = 120.0
RETRY_S = 60.0
BANNED, TOO_MANY, WALL = 418, 429, 403
"""418 is the ban of an address that went on after 429; 403 comes of the wall before the exchange."""
PLACE = 451

TOO_MANY_CODES = (-1003, -1015, -1034)
FAULT_CODES = (-1000, -1001, -1006, -1007, -1008, -1016)


class Refusal(msgspec.Struct):
    """The body of every error."""

    code: int
    msg: str = ""


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without rows means."""
    refusal = decode_or_none(answer.body, Refusal)
    code = 0 if refusal is None else refusal.code
    if answer.status in (BANNED, TOO_MANY, WALL) or code in TOO_MANY_CODES:
        usual_s = BAN_S if answer.status == BANNED else RETRY_S
        raise BurstError(PROVIDER, answer.retry_after_s or usual_s)
    if answer.status >= 500 or code in FAULT_CODES:
        what = f"HTTP {answer.status}" if refusal is None else f"error {code}"
        raise TransientError(PROVIDER, what, answer.retry_after_s)
    if answer.status == PLACE:
        raise UnknownAtProviderError(PROVIDER, request, "not offered where this machine is")
    if answer.status >= 400 or refusal is not None:
        raise UnknownAtProviderError(PROVIDER, request)
    decode(PROVIDER, answer.body, list[msgspec.Raw])
