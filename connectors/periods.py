"""Periods: when the calls of a calendar's day or month are given anew."""

from datetime import UTC, datetime

from market.clock import datetime_of, microseconds

_DAY_US = 86_400_000_000


def month_after_us(now_us: int) -> int:
    """The beginning of the next month, in UTC."""
    now = datetime_of(now_us)
    year, month = divmod(now.year * 12 + now.month, 12)
    return microseconds(datetime(year, month + 1, 1, tzinfo=UTC))


def day_after_us(now_us: int) -> int:
    """The beginning of the next day, in UTC."""
    return (now_us // _DAY_US + 1) * _DAY_US
