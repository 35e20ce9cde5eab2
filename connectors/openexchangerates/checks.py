"""What an Open Exchange Rates answer without rates means.

Its body says it in one word, `message`, whatever the HTTP status is: documentation and recorded
answers give different statuses for the same word. The status decides where there is no known word.
Currencies that are all unknown give a table without rates under HTTP 200.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time

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
from connectors.periods import month_after_us
from connectors.rates import Series, Table, day_of
from market.clock import microseconds

PROVIDER = "openexchangerates"
BURST_RETRY_S = 60.0

_SHAPES: Mapping[str, type[Table] | type[Series]] = {
    "latest": Table,
    "historical": Table,
    "time-series": Series,
}
_UNTIL = re.compile(r"until ([0-9]{4}-[0-9]{2}-[0-9]{2})")

_KEYS = {
    "missing_app_id": "give the App ID that openexchangerates.org shows in its dashboard",
    "invalid_app_id": "compare it with the App IDs in the dashboard of openexchangerates.org",
    "app_id_inactive": "this App ID is deactivated: take another",
}
_UNKNOWN = {
    "invalid_base": "take a base that the endpoint currencies names",
    "invalid_currency": "take currencies that the endpoint currencies names",
    "invalid_date": "give the day as YYYY-MM-DD, from 1999-01-01 to today",
    "not_available": "there are no rates of this day: ask for another",
    "not_found": "there is no such endpoint or day: look at the provider's address and the day",
}
_NOT_ALLOWED = "ask for all rates of the dollar, or take a larger plan"
_RESTRICTED = "write to support@openexchangerates.org, or wait"
_NO_RATES = "take currencies that the endpoint currencies names"
_LOOK = "look at the provider's address and what is asked"


class _Failure(msgspec.Struct):
    message: str
    error: bool
    description: str = ""


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without rates means. `request` begins with its kind."""
    failure = decode_or_none(answer.body, _Failure)
    if failure is not None and failure.error:
        raise _failed(failure, request, answer)
    if answer.status >= 400:
        raise _refused(request, answer)
    shape = _SHAPES.get(request.partition(" ")[0])
    if shape is not None and not decode(PROVIDER, answer.body, shape).rates:
        raise UnknownAtProviderError(PROVIDER, request, _NO_RATES)


def _failed(failure: _Failure, request: str, answer: Answer) -> ConnectorError:
    word = failure.message
    if word in _KEYS:
        return BadKeyError(PROVIDER, _KEYS[word])
    if word in _UNKNOWN:
        return UnknownAtProviderError(PROVIDER, request, _UNKNOWN[word])
    if word == "not_allowed":
        return PremiumError(PROVIDER, request, _NOT_ALLOWED)
    if word == "access_restricted":
        return QuotaExceededError(PROVIDER, _until_us(failure.description, answer), _RESTRICTED)
    return _refused(request, answer)


def _refused(request: str, answer: Answer) -> ConnectorError:
    """What the status says where the body has no known word."""
    if answer.status >= 500:
        return TransientError(PROVIDER, f"HTTP {answer.status}, asked again", answer.retry_after_s)
    if answer.status == 401:
        return BadKeyError(PROVIDER, _KEYS["invalid_app_id"])
    if answer.status == 403:
        return PremiumError(PROVIDER, request, _NOT_ALLOWED)
    if answer.status == 404:
        return UnknownAtProviderError(PROVIDER, request, _UNKNOWN["not_found"])
    if answer.status == 429:
        wait_s = BURST_RETRY_S if answer.retry_after_s is None else answer.retry_after_s
        return BurstError(PROVIDER, wait_s)
    return MalformedError(PROVIDER, f"HTTP {answer.status} without a known reason: {_LOOK}")


def _until_us(description: str, answer: Answer) -> int:
    """Until when access is restricted: its own word, the day in its sentence, the month's end.

    That is the latest in any case: a restriction until 2050 is lifted by a letter, which nobody tells us.
    """
    if answer.retry_after_s is not None:
        return answer.received_us + int(answer.retry_after_s * 1e6)
    found = _UNTIL.search(description)
    day = None if found is None else day_of(found[1])
    until_us = 0 if day is None else microseconds(datetime.combine(day, time(), UTC))
    month_us = month_after_us(answer.received_us)
    return until_us if answer.received_us < until_us < month_us else month_us
