"""The intervals that candles are asked for: `<n><unit>`, as 90s, 5m, 4h, 1d, 2w, 3M.

Seconds, minutes and hours are fixed widths, counted from 1970-01-01 00:00 UTC in every zone. Days, weeks
and months follow the calendar of a time zone: a day begins at its clock's (first) midnight, a week on
Monday. Several of them to a bucket are counted from the day 1970-01-01, from the week that holds it
(which begins on 1969-12-29), and from January 1970.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from market.clock import datetime_of, microseconds
from market.errors import MarketError

Int64s = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

_SHAPE = re.compile(r"([1-9][0-9]{0,5})([smhdwM])")
_SHIFT_US = 2 * DAY_US
"""More than any day of a clock change is longer than 24 hours; Samoa once left a whole day out."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAYS_TO_MONDAY = 3
"""From Monday 1969-12-29 to the day from which days are counted, a Thursday."""


class Unit(StrEnum):
    """As charts write them: m is a minute, M a month."""

    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WEEK = "w"
    MONTH = "M"


MOST = {
    Unit.SECOND: 86_400,
    Unit.MINUTE: 1_440,
    Unit.HOUR: 168,
    Unit.DAY: 366,
    Unit.WEEK: 53,
    Unit.MONTH: 12,
}
"""How many of a unit an interval holds at most."""
_WIDTHS_US = {Unit.SECOND: 1_000_000, Unit.MINUTE: 60_000_000, Unit.HOUR: HOUR_US}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31}


class InvalidIntervalError(MarketError):
    """A text that names no interval, or one beyond the bounds."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        bounds = ", ".join(f"1{unit} to {most}{unit}" for unit, most in MOST.items())
        return f"no interval: {self.text!r}; an interval is a number and a unit: {bounds}"


@dataclass(frozen=True, slots=True)
class Interval:
    """So many of a unit."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """The interval that is written so; InvalidIntervalError where it is none."""
        found = _SHAPE.fullmatch(text)
        if found is None or int(found[1]) > MOST[Unit(found[2])]:
            raise InvalidIntervalError(text)
        return cls(int(found[1]), Unit(found[2]))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def width_us(self) -> int | None:
        """The length of a fixed interval in microseconds; None of a calendar's unit."""
        width = _WIDTHS_US.get(self.unit)
        return None if width is None else self.count * width

    @property
    def longest_us(self) -> int:
        """No bucket is longer: a day of a clock change has more than 24 hours."""
        return self.width_us or self.count * _DAYS[self.unit] * DAY_US + _SHIFT_US

    @property
    def shortest_us(self) -> int:
        """No bucket is shorter, but for the day that a zone leaves out, and a day of a clock change."""
        days = 28 if self.unit is Unit.MONTH else _DAYS.get(self.unit, 0)
        return self.width_us or self.count * days * DAY_US

    def starts_of(self, times_us: Int64s, zone: ZoneInfo) -> Int64s:
        """Where the buckets start that hold these instants; both (n,), microseconds since 1970 UTC.

        Costs a binary search a row, and once a year and zone the making of that year's midnights.
        """
        width_us = self.width_us
        if width_us is not None:
            fixed: Int64s = times_us // width_us * width_us
            return fixed
        if not len(times_us):
            return times_us.copy()
        starts = self._starts(int(times_us.min()), int(times_us.max()), zone)
        return starts[np.searchsorted(starts, times_us, side="right") - 1]

    def ends_of(self, starts_us: Int64s, zone: ZoneInfo) -> Int64s:
        """Where the buckets end that start there; shapes and units as `starts_of`."""
        width_us = self.width_us
        if width_us is not None:
            return starts_us + width_us
        if not len(starts_us):
            return starts_us.copy()
        last_us = int(starts_us.max()) + self.longest_us
        starts = self._starts(int(starts_us.min()), last_us, zone)
        return starts[np.searchsorted(starts, starts_us, side="right")]

    def start_of(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Where the bucket starts that holds this instant."""
        return datetime_of(int(self.starts_of(_one(moment), zone)[0]))

    def end_of(self, start: datetime, zone: ZoneInfo) -> datetime:
        """Where the bucket that starts at `start` ends, which is where the next one starts."""
        return datetime_of(int(self.ends_of(_one(start), zone)[0]))

    def first_from(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Where the first bucket starts that does not start before `moment`."""
        start = self.start_of(moment, zone)
        return start if start == moment else self.end_of(start, zone)

    def _starts(self, first_us: int, last_us: int, zone: ZoneInfo) -> Int64s:
        """The starts of all buckets that hold an instant of this range, ascending, each once."""
        # A zone's day may begin on the day before or after that of UTC; buckets may begin long before.
        first = datetime_of(first_us - self.longest_us).year
        last = datetime_of(last_us + _SHIFT_US).year
        days = [_days_of(zone, year) for year in range(first, last + 1)]
        numbers = np.concatenate([each.numbers for each in days])
        midnights = np.concatenate([each.midnights_us for each in days])
        begins = self._number(numbers)
        mine = np.diff(begins, prepend=begins[0] - 1) != 0
        # The first may be cut by the year's edge: then it ends before the range.
        starts = midnights[mine]
        # A day that a zone leaves out begins where the next one does.
        kept: Int64s = starts[np.diff(starts, prepend=starts[0] - 1) != 0]
        return kept

    def _number(self, days: Int64s) -> Int64s:
        """Which bucket holds each of these days, counted from 1970-01-01."""
        if self.unit is Unit.MONTH:
            months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
            monthly: Int64s = months // self.count
            return monthly
        offset = _DAYS_TO_MONDAY if self.unit is Unit.WEEK else 0
        daily: Int64s = (days + offset) // (self.count * _DAYS[self.unit])
        return daily


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of a year in a zone: counted from 1970-01-01, and the instants that they begin at."""

    numbers: Int64s
    midnights_us: Int64s


@lru_cache(maxsize=1_024)
def _days_of(zone: ZoneInfo, year: int) -> _Days:
    first = date(year, 1, 1).toordinal()
    ordinals = range(first, date(year, 12, 31).toordinal() + 1)
    midnights = [
        microseconds(datetime.combine(date.fromordinal(day), time(), zone).astimezone(UTC))
        for day in ordinals
    ]
    numbers = np.arange(len(midnights), dtype=np.int64) + (first - _EPOCH_DAY)
    return _Days(numbers, np.array(midnights, np.int64))


def local_midnights(day_us: Int64s, zone: ZoneInfo) -> Int64s:
    """The instants at which days begin in a zone, of days that are given by an instant in UTC; (n,)."""
    years = day_us.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    found = day_us.copy()
    for year in np.unique(years).tolist():
        days = _days_of(zone, year)
        mine = years == year
        found[mine] = days.midnights_us[day_us[mine] // DAY_US - days.numbers[0]]
    return found


def aligned(interval: Interval, range_us: tuple[int, int], zone: ZoneInfo, unit_us: int) -> bool:
    """Whether all buckets that begin in the range begin at multiples of `unit_us`, counted in UTC."""
    if interval.width_us is not None:
        return interval.width_us % unit_us == 0
    first_us, end_us = range_us
    starts = interval.starts_of(np.arange(first_us, end_us + DAY_US, DAY_US), zone)
    return bool(np.all(starts % unit_us == 0))


def _one(moment: datetime) -> Int64s:
    return np.array([microseconds(moment)], np.int64)
