"""The intervals of Alpha Vantage's series: when a bar opens, and when it is over."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from connectors.alphavantage.fields import PROVIDER, day_of, instant_us
from connectors.errors import MalformedError
from market.bars import DAY_S, MINUTE_S
from market.clock import microseconds

WEEK_S = 7 * DAY_S
MONTH_S = 30 * DAY_S
"""The name of an interval that has no one length; its bars open on the first of a month."""

_MINUTES = (1, 5, 15, 30, 60)
_NAMES = {f"{number}min": number * MINUTE_S for number in _MINUTES} | {
    "Daily": DAY_S,
    "Weekly": WEEK_S,
    "Monthly": MONTH_S,
}
_WORD = re.compile("|".join(rf"\b{name}\b" for name in _NAMES))


def interval_of(name: str) -> int:
    """The seconds of the interval in a series' name, as `Time Series FX (5min)`; else MalformedError."""
    words = _WORD.findall(name)
    if not words:
        raise MalformedError(PROVIDER, "a series of no known interval")
    return _NAMES[words[-1]]


def span_us(stamp: str, zone: tzinfo, interval_s: int) -> tuple[int, int]:
    """When the bar of a stamp opens, and from when on it changes no more; us since 1970.

    Up to an hour the stamp is the opening, a wall time of the zone. From a day on it is a date, and so
    is the opening: 00:00 UTC of the trading day, of its week's Monday, of its month's first (a week or
    month is stamped with its last trading day). Such a bar is over when its last day is, in the zone.
    MalformedError where the stamp has another form.
    """
    if interval_s < DAY_S:
        opening_us = instant_us(stamp, zone)
        return opening_us, opening_us + interval_s * 1_000_000
    try:
        first, after = _dates(day_of(stamp), interval_s)
        return _midnight_us(first, UTC), _midnight_us(after, zone)
    except OverflowError as error:
        raise MalformedError(PROVIDER, "a date of another form") from error


def _dates(day: date, interval_s: int) -> tuple[date, date]:
    """The first day of the interval, and the first that is after it."""
    if interval_s == DAY_S:
        return day, day + timedelta(days=1)
    if interval_s == WEEK_S:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _midnight_us(day: date, zone: tzinfo) -> int:
    return microseconds(datetime.combine(day, time(), zone))
