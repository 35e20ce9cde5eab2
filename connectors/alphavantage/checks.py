"""Alpha Vantage's refusals: nearly all come with HTTP 200, told apart by their text.

No text of an answer goes into an error: one of them echoes the key.
"""

from datetime import timedelta

import msgspec

from connectors.alphavantage.fields import PROVIDER, Fields, table_of
from connectors.answers import Answer, decode, decode_or_none, fields_of
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.numerals import text_of
from market.clock import datetime_of, microseconds

BURST_RETRY_S = 2.0
MINUTE_RETRY_S = 60.0

_SITE = "https://www.alphavantage.co"
_NEW_KEY = f"set a key of your own, a free one is given at {_SITE}/support/#api-key"
_UPGRADE = f"leave it out, or take a plan that holds it: {_SITE}/premium/"
_TOMORROW = "asked again after midnight UTC; premium plans have no limit a day"
_LATER = "asked again in a while; premium plans have no limit a day"
_SPELLING = "check the symbol (London's end in .LON) and the parameters"
_SHAPE = "asked again later; if it stays, the provider has changed its format"

_CSV_REFUSAL = "I,n,f,o,r,m,a"
"""What a refused CSV function writes as its row: the word `Information`, letter by letter."""


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without prices means; `request` says what was asked."""
    _check_status(answer)
    if table_of(answer.body) is not None:
        _check_table(answer.body, request)
        return
    body = decode(PROVIDER, answer.body, Fields)
    if "Error Message" in body:
        if "apikey" in text_of(body["Error Message"]).lower():
            raise BadKeyError(PROVIDER, _NEW_KEY)
        raise UnknownAtProviderError(PROVIDER, request, _SPELLING)
    for key in ("Information", "Note"):
        if key in body:
            raise _notice(text_of(body[key]), request, answer.received_us)
    if "message" in body and "sample data" in text_of(body["message"]).lower():
        raise PremiumError(PROVIDER, request, _UPGRADE)
    if "detail" in body:
        raise MalformedError(PROVIDER, f"a refusal of the request itself: {_SHAPE}")
    if _is_nothing(body):
        raise UnknownAtProviderError(PROVIDER, request, _SPELLING)


def _check_status(answer: Answer) -> None:
    status = answer.status
    if status == 429:
        raise BurstError(PROVIDER, answer.retry_after_s or MINUTE_RETRY_S)
    if status >= 500:
        raise TransientError(PROVIDER, f"HTTP {status}: asked again soon", answer.retry_after_s)
    if status in (401, 403):
        raise BadKeyError(PROVIDER, _NEW_KEY)
    if status == 406:
        what = "HTTP 406: ask with Accept: application/json or */*, for CSV too"
        raise MalformedError(PROVIDER, what)
    if status >= 400:
        raise MalformedError(PROVIDER, f"HTTP {status}: check the address of the provider")


def _check_table(payload: bytes, request: str) -> None:
    """A header alone is an answer without rows; the row of letters hides which limit was reached."""
    rows = payload.split(b"\n", 2)[1:]
    first = rows[0].strip().decode("utf-8", "replace") if rows else ""
    if first == _CSV_REFUSAL:
        raise QuotaExceededError(PROVIDER, None, _LATER)
    if not first:
        raise UnknownAtProviderError(PROVIDER, request, _SPELLING)


def _is_nothing(body: Fields) -> bool:
    """`{}`, an envelope around nothing, or Meta Data without a series."""
    if not body or list(body) == ["Meta Data"]:
        return True
    if "data" in body and decode_or_none(body["data"], list[msgspec.Raw]) == []:
        return True
    return any(fields_of(body, key) == {} for key in body)


def _notice(text: str, request: str, received_us: int) -> ConnectorError:
    """What a notice means; the order matters, for the texts share their advertisements."""
    text = text.lower()
    if "per second" in text or "sparingly" in text or "burst" in text:
        return BurstError(PROVIDER, BURST_RETRY_S)
    if "premium endpoint" in text or "premium feature" in text:
        return PremiumError(PROVIDER, request, _UPGRADE)
    if "demo" in text:
        return BadKeyError(PROVIDER, f"the demo key answers examples only, {_NEW_KEY}")
    if "per minute" in text:
        return BurstError(PROVIDER, MINUTE_RETRY_S)
    if "per day" in text:
        return QuotaExceededError(PROVIDER, _next_day_us(received_us), _TOMORROW)
    return MalformedError(PROVIDER, f"a notice of no known kind: {_SHAPE}")


def _next_day_us(now_us: int) -> int:
    today = datetime_of(now_us).replace(hour=0, minute=0, second=0, microsecond=0)
    return microseconds(today + timedelta(days=1))
