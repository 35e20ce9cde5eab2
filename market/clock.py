"""Time: microseconds since 1970 UTC, and a clock that a test can set."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Gives the current time in microseconds since 1970 UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000


def datetime_of(time_us: int) -> datetime:
    """The same instant as an aware datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=time_us)


def microseconds(moment: datetime) -> int:
    """The same instant in microseconds; `moment` must be aware."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def rfc3339(time_us: int) -> str:
    """The same instant as RFC 3339 in UTC with a Z: whole seconds, or as many decimals as needed."""
    return datetime_of(time_us).isoformat().replace("+00:00", "Z")
