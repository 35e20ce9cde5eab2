"""What a Fixer answer without rates means: `success: false` under HTTP 200, or the gateway's status.

There are two tables of codes (101 to 505, and 604 to 606 of the newer documentation), codes may be
numbers or names, and the sentence that explains them may be missing: the code alone decides. A 403 is
a bad amount inside a body under HTTP 200, and no subscription as an HTTP status.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto

import msgspec

from connectors.answers import Answer, decode, decode_or_none
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
from connectors.periods import day_after_us, month_after_us
from connectors.rates import Series, Table

PROVIDER = "fixer"
BURST_RETRY_S = 60.0

_SHAPES: Mapping[str, type[Table] | type[Series]] = {
    "latest": Table,
    "historical": Table,
    "timeseries": Series,
}


class _Meaning(Enum):
    KEY = auto()
    MONTH = auto()
    """The month's calls are used up."""
    PLAN = auto()
    UNKNOWN = auto()
    BURST = auto()


_KEY, _MONTH, _PLAN = _Meaning.KEY, _Meaning.MONTH, _Meaning.PLAN
_UNKNOWN, _BURST = _Meaning.UNKNOWN, _Meaning.BURST

_MISSING_KEY = (_KEY, "give the access key that fixer.io shows in its dashboard")
_WRONG_KEY = (_KEY, "compare it with the access key in the dashboard of fixer.io")
_INACTIVE = (_KEY, "the account is inactive: sign in at fixer.io and activate it")
_ENDPOINT = (
    _UNKNOWN,
    "there is no such endpoint: look at the provider's address and the plan's door",
)
_USED_UP = (_MONTH, "wait for the next month, or take a larger plan")
_FUNCTION = (_PLAN, "ask for latest rates of the euro alone, or take a larger plan")
_BASE = (_PLAN, "ask with the base EUR, or take a larger plan")
_HTTPS = (_PLAN, "give the provider's address with http://, or take a larger plan")
_NOTHING = (_UNKNOWN, "there are no rates for this: ask for another day or other currencies")
_BAD_BASE = (_UNKNOWN, "take a base that the endpoint symbols names")
_BAD_CODES = (_UNKNOWN, "take currencies that the endpoint symbols names")
_BAD_DATE = (_UNKNOWN, "give the day as YYYY-MM-DD, from 1999-01-01 to today")
_BAD_AMOUNT = (_UNKNOWN, "give an amount to convert, as a number")
_BAD_FRAME = (_UNKNOWN, "give a first and a last day as YYYY-MM-DD, at most 365 days apart")
_WEEKEND = (_UNKNOWN, "there are no rates of weekends: ask for a weekday")
_TOO_FAST = (_BURST, "")

_MEANINGS: Mapping[str, tuple[_Meaning, str]] = {
    "101": _WRONG_KEY,
    "missing_access_key": _MISSING_KEY,
    "invalid_access_key": _WRONG_KEY,
    "401": _WRONG_KEY,
    "102": _INACTIVE,
    "inactive_user": _INACTIVE,
    "103": _ENDPOINT,
    "404": _ENDPOINT,
    "invalid_api_function": _ENDPOINT,
    "404_not_found": _ENDPOINT,
    "104": _USED_UP,
    "monthly_limit_reached": _USED_UP,
    "usage_limit_reached": _USED_UP,
    "105": _FUNCTION,
    "function_access_restricted": _FUNCTION,
    "base_currency_access_restricted": _BASE,
    "https_access_restricted": _HTTPS,
    "106": _NOTHING,
    "no_rates_available": _NOTHING,
    "rate_limit_reached": _TOO_FAST,
    "201": _BAD_BASE,
    "invalid_base_currency": _BAD_BASE,
    "202": _BAD_CODES,
    "invalid_currency_codes": _BAD_CODES,
    "301": _BAD_DATE,
    "302": _BAD_DATE,
    "invalid_date": _BAD_DATE,
    "403": _BAD_AMOUNT,
    "604": _BAD_AMOUNT,
    **dict.fromkeys(("501", "502", "503", "504", "505", "605"), _BAD_FRAME),
    "606": _WEEKEND,
}
_UNDOCUMENTED = (
    _UNKNOWN,
    "its error is not a documented one: look it up at fixer.io/documentation",
)

_STATUS_NOT_A_KEY = "give the apikey that apilayer.com shows in its dashboard"
_STATUS_NOT_SUBSCRIBED = "subscribe to Fixer at apilayer.com"
_STATUS_QUOTA = "wait until it is given anew, or take a larger plan at apilayer.com"


class _Error(msgspec.Struct):
    code: msgspec.Raw = msgspec.Raw(b"")
    type: str = ""


class _Failure(msgspec.Struct):
    error: _Error


class _Outcome(msgspec.Struct):
    success: bool


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without rates means: `success: false`, or the gateway's HTTP status.

    `request` begins with its kind: a table of rates must look like one.
    """
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}, asked again", answer.retry_after_s)
    failure = decode_or_none(answer.body, _Failure)
    if failure is not None:
        raise _failed(failure.error, request, answer)
    if answer.status >= 400:
        raise _refused(request, answer)
    if not decode(PROVIDER, answer.body, _Outcome).success:
        raise MalformedError(PROVIDER, "no success, and no error that says why")
    shape = _SHAPES.get(request.partition(" ")[0])
    if shape is not None:
        decode(PROVIDER, answer.body, shape)


def _failed(error: _Error, request: str, answer: Answer) -> ConnectorError:
    """What a body says. The name of an error is finer than its number."""
    known = _MEANINGS.get(error.type) or _MEANINGS.get(text_of(error.code))
    if known is None and answer.status >= 400:
        return _refused(request, answer)
    meaning, advice = known or _UNDOCUMENTED
    if known is _NOTHING and request.startswith("latest"):  # there are always newest rates
        return TransientError(PROVIDER, "no rates for now, asked again", answer.retry_after_s)
    if meaning is _KEY:
        return BadKeyError(PROVIDER, advice)
    if meaning is _PLAN:
        return PremiumError(PROVIDER, request, advice)
    if meaning is _MONTH:
        return QuotaExceededError(PROVIDER, _again_us(answer, month_after_us), advice)
    if meaning is _BURST:
        return BurstError(PROVIDER, _retry_s(answer))
    return UnknownAtProviderError(PROVIDER, request, advice)


def _refused(request: str, answer: Answer) -> ConnectorError:
    """What the gateway's HTTP status says; its body may be a page."""
    if answer.status == 401:
        return BadKeyError(PROVIDER, _STATUS_NOT_A_KEY)
    if answer.status == 403:
        return PremiumError(PROVIDER, request, _STATUS_NOT_SUBSCRIBED)
    if answer.status == 404:
        return UnknownAtProviderError(PROVIDER, request, _ENDPOINT[1])
    if answer.status == 429:
        # It does not say whether the day's calls are used up or the month's.
        return QuotaExceededError(PROVIDER, _again_us(answer, day_after_us), _STATUS_QUOTA)
    return MalformedError(
        PROVIDER, f"HTTP {answer.status}: look at the provider's address and what is asked"
    )


def _again_us(answer: Answer, period_ends: Callable[[int], int]) -> int:
    """When to ask again: the provider's own word wins."""
    if answer.retry_after_s is None:
        return period_ends(answer.received_us)
    return answer.received_us + int(answer.retry_after_s * 1e6)


def _retry_s(answer: Answer) -> float:
    return BURST_RETRY_S if answer.retry_after_s is None else answer.retry_after_s
