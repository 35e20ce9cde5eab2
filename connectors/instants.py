"""Instants as venues write them: RFC 3339 in UTC, and seconds with decimals; exact to the microsecond.

What is finer than a microsecond is cut off, never rounded up: the same trade has the same time however
many digits a venue gives of it.
"""

import re
from datetime import UTC, datetime

import numpy as np

from connectors.kernels import kernel
from connectors.numerals import Bytes
from market.clock import microseconds

MICROSECOND_DIGITS = 6
MAX_FRACTION_DIGITS = 9
SECOND_US = 1_000_000
DAY_S = 86_400

_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z",
    re.ASCII,
)
_SECONDS = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,18}))?", re.ASCII)
_DASH, _COLON, _POINT, _T, _Z, _ZERO, _NINE = b"-:.TZ09"
_FIRST_YEAR = 1970


def instant_of(text: str) -> int:
    """The µs of `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, after 1970. ValueError: it is no such time."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError(f"not a time: {text[:40]!r}")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        whole_us = microseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"not a time: {text[:40]!r}") from error
    return _positive(whole_us + _fraction_us(found[7]), text)


def seconds_of(text: str) -> int:
    """The µs of seconds since 1970 with decimals, as they are written. ValueError: no such time."""
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise ValueError(f"not a time: {text[:40]!r}")
    return _positive(int(found[1]) * SECOND_US + _fraction_us(found[2]), text)


def _fraction_us(digits: str | None) -> int:
    return int((digits or "")[:MICROSECOND_DIGITS].ljust(MICROSECOND_DIGITS, "0"))


def _positive(time_us: int, text: str) -> int:
    if time_us <= 0:
        raise ValueError(f"not a time: {text[:40]!r}")
    return time_us


@kernel
def read_instant(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The same time of the bytes at `at`, and where its Z ends; or -1 twice."""
    if at < 0 or at + 20 > end:
        return -1, -1
    year = _digits(data, at, 4)
    month = _digits(data, at + 5, 2)
    day = _digits(data, at + 8, 2)
    hour = _digits(data, at + 11, 2)
    minute = _digits(data, at + 14, 2)
    second = _digits(data, at + 17, 2)
    if data[at + 4] != _DASH or data[at + 7] != _DASH or data[at + 10] != _T:
        return -1, -1
    if data[at + 13] != _COLON or data[at + 16] != _COLON:
        return -1, -1
    if year < _FIRST_YEAR or not 0 < month < 13 or not 0 < day <= _days_of(year, month):
        return -1, -1
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return -1, -1
    fraction_us, at = _fraction(data, at + 19, end)
    if at < 0 or at >= end or data[at] != _Z:
        return -1, -1
    of_day_s = hour * 3_600 + minute * 60 + second
    time_us = (_days_since_1970(year, month, day) * DAY_S + of_day_s) * SECOND_US + fraction_us
    return (time_us, at + 1) if time_us > 0 else (-1, -1)


@kernel
def _digits(data: Bytes, at: int, count: int) -> int:
    """The number of these digits; far below 0 where one is none."""
    value = 0
    for index in range(at, at + count):
        digit = int(np.int64(data[np.uint64(index)])) - _ZERO
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@kernel
def _fraction(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The µs of a point and its digits, 0 where there is no point, and where they end; or -1."""
    if at >= end or data[at] != _POINT:
        return 0, at
    at += 1
    start = at
    fraction = 0
    while at < end and _ZERO <= data[at] <= _NINE:
        if at - start < MICROSECOND_DIGITS:
            fraction = fraction * 10 + int(np.int64(data[at])) - _ZERO
        at += 1
    count = at - start
    if count == 0 or count > MAX_FRACTION_DIGITS:
        return -1, -1
    for _ in range(count, MICROSECOND_DIGITS):
        fraction *= 10
    return fraction, at


@kernel
def _days_of(year: int, month: int) -> int:
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _days_since_1970(year: int, month: int, day: int) -> int:
    """Days of the Gregorian calendar, counted in years that begin in March (H. Hinnant's algorithm)."""
    if month <= 2:
        year -= 1
        month += 12
    of_year = (153 * (month - 3) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468
