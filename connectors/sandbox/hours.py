"""Trading hours: a market that never closes, or the real week of each asset class.

The real week knows no holidays: the sandbox closes for nights and weekends alone.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from market.clock import datetime_of, microseconds
from market.instruments import AssetClass

NEW_YORK = ZoneInfo("America/New_York")
_STOCK_OPEN = time(9, 30)
_STOCK_CLOSE = time(16, 0)
_FX_CLOSE = time(17, 0)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day of a stock: New York date, opening and close in microseconds."""

    day: date
    open_us: int
    close_us: int


class Hours(Protocol):
    """When prices move."""

    def last_open(self, asset_class: AssetClass, time_us: int) -> int:
        """`time_us` while the market is open, else its last open microsecond."""

    def session(self, time_us: int) -> Session:
        """The stock session that runs at that time, or the last one before it."""


class AlwaysOpen:
    """Every market is open at all times; a stock's session is the whole New York day."""

    def last_open(self, asset_class: AssetClass, time_us: int) -> int:
        """The same time."""
        return time_us

    def session(self, time_us: int) -> Session:
        """Midnight to midnight in New York."""
        day = datetime_of(time_us).astimezone(NEW_YORK).date()
        return Session(day, _at(day, time(0)), _at(day + timedelta(days=1), time(0)))


class RealHours:
    """New York's week: FX Sunday to Friday 17:00, stocks 09:30 to 16:00, coins always."""

    def last_open(self, asset_class: AssetClass, time_us: int) -> int:
        """`time_us` while open, else the microsecond before the last close."""
        if asset_class is AssetClass.STOCK:
            return min(time_us, self.session(time_us).close_us - 1)
        if asset_class is AssetClass.FX:
            return _fx_last_open(time_us)
        return time_us

    def session(self, time_us: int) -> Session:
        """The running or the last stock session."""
        local = datetime_of(time_us).astimezone(NEW_YORK)
        day = local.date() if local.time() >= _STOCK_OPEN else local.date() - timedelta(days=1)
        while day.weekday() >= _SATURDAY:
            day -= timedelta(days=1)
        return Session(day, _at(day, _STOCK_OPEN), _at(day, _STOCK_CLOSE))


def _fx_last_open(time_us: int) -> int:
    local = datetime_of(time_us).astimezone(NEW_YORK)
    weekday, clock = local.weekday(), local.time()
    after_friday_close = weekday == _FRIDAY and clock >= _FX_CLOSE
    before_sunday_open = weekday == _SUNDAY and clock < _FX_CLOSE
    if not (after_friday_close or weekday == _SATURDAY or before_sunday_open):
        return time_us
    friday = local.date() - timedelta(days=weekday - _FRIDAY)
    return _at(friday, _FX_CLOSE) - 1


def _at(day: date, clock: time) -> int:
    return microseconds(datetime.combine(day, clock, NEW_YORK))
