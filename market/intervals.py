"""The intervals that candles are asked for: fixed widths, and units of a calendar in a time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Interval(StrEnum):
    """Names as charts write them: m is a minute, M a month."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"
    W1 = "1w"
    MONTH = "1M"

    @property
    def width(self) -> timedelta | None:
        """The length of a fixed interval, counted from 1970 in UTC; None of a calendar's unit."""
        return _SHAPES[self].width

    @property
    def unit(self) -> str | None:
        """The calendar's unit (day, week, month); None of a fixed interval."""
        return _SHAPES[self].unit

    @property
    def minutes(self) -> int:
        """The most minutes that a bucket can hold; a day of a clock change has 25 hours."""
        return _SHAPES[self].minutes

    def end_of(self, start: datetime, zone: ZoneInfo) -> datetime:
        """Where the bucket that starts at `start` ends, which is where the next one starts."""
        if self.width is not None:
            return start + self.width
        local = start.astimezone(zone)
        if self.unit == "month":
            following = (local.replace(day=1) + timedelta(days=32)).replace(day=1)
        else:
            following = local + timedelta(days=7 if self.unit == "week" else 1)
        return datetime.combine(following.date(), time(), zone).astimezone(UTC)

    def first_from(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Where the first bucket starts that does not start before `moment`."""
        if self.width is not None:
            return moment + (_EPOCH - moment) % self.width
        local = moment.astimezone(zone)
        day = local.date()
        if self.unit == "week":
            day -= timedelta(days=day.weekday())
        elif self.unit == "month":
            day = day.replace(day=1)
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        return start if start >= moment else self.end_of(start, zone)


@dataclass(frozen=True, slots=True)
class _Shape:
    width: timedelta | None
    unit: str | None
    minutes: int


def _fixed(minutes: int) -> _Shape:
    return _Shape(minutes * _MINUTE, None, minutes)


_SHAPES = {
    Interval.M1: _fixed(1),
    Interval.M5: _fixed(5),
    Interval.M15: _fixed(15),
    Interval.M30: _fixed(30),
    Interval.H1: _fixed(60),
    Interval.H4: _fixed(240),
    Interval.D1: _Shape(None, "day", 25 * 60),
    Interval.W1: _Shape(None, "week", (7 * 24 + 1) * 60),
    Interval.MONTH: _Shape(None, "month", (31 * 24 + 1) * 60),
}
