"""Sessions: when an instrument trades, and the instant that its day's change is measured from.

FX trades from Sunday 17:00 to Friday 17:00 New York, crypto always, stocks by the calendar of the
New York Stock Exchange. All times are microseconds since 1970 UTC.
"""

import warnings
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from market.clock import datetime_of, microseconds
from market.instruments import AssetClass, Instrument

NEW_YORK = ZoneInfo("America/New_York")
FX_DAY_BEGINS = time(17)
"""New York time at which a trading day of FX ends and the next one begins."""
STOCK_DAY_ENDS = time(16)
"""New York time at which a regular session of stocks ends."""

_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_ONE_DAY = timedelta(days=1)
_WEEK_US = 7 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The sessions of an exchange, ascending: `opens[i]` to `closes[i]`."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]


def is_open(instrument: Instrument, time_us: int) -> bool:
    """Whether the instrument trades at that instant; a session holds its opening, not its close."""
    if instrument.asset_class is AssetClass.CRYPTO:
        return True
    if instrument.asset_class is AssetClass.FX:
        return _fx_is_open(_new_york(time_us))
    calendar = _stock_calendar(time_us)
    session = bisect_right(calendar.opens, time_us) - 1
    return time_us < calendar.closes[session]


def next_open(instrument: Instrument, time_us: int) -> int:
    """The first instant from `time_us` on at which it trades: `time_us` itself while it is open."""
    if is_open(instrument, time_us):
        return time_us
    if instrument.asset_class is AssetClass.FX:
        local = _new_york(time_us)
        sunday = local + _ONE_DAY * ((_SUNDAY - local.weekday()) % 7)
        return _at(sunday, FX_DAY_BEGINS)
    calendar = _stock_calendar(time_us)
    return calendar.opens[bisect_right(calendar.opens, time_us)]


def reference_time_us(instrument: Instrument, now_us: int, *, continuous: bool = False) -> int:
    """The instant whose price the day's change is measured from.

    Crypto: the last 00:00 UTC. FX: the last 17:00 New York that began a trading day. Stocks: the
    close before the session that opened last, so that a closed market still shows the change of its
    last session. `continuous` is for a market that never closes, as a simulated one: the last such
    hour of any day.
    """
    if instrument.asset_class is AssetClass.CRYPTO:
        midnight = datetime_of(now_us).replace(hour=0, minute=0, second=0, microsecond=0)
        return microseconds(midnight)
    if instrument.asset_class is AssetClass.FX:
        return _last_fx_day(now_us, continuous)
    if continuous:
        return _last_at(now_us, STOCK_DAY_ENDS)
    calendar = _stock_calendar(now_us)
    return calendar.closes[bisect_right(calendar.opens, now_us) - 2]


def fx_closures(first_us: int, last_us: int) -> list[tuple[int, int]]:
    """The weekends of FX, each from its close to its opening, that hold an instant of this range."""
    weeks = range(first_us // _WEEK_US - 1, last_us // _WEEK_US + 1)
    return [
        (close, opening)
        for close, opening in map(_weekend, weeks)
        if close <= last_us and opening > first_us
    ]


@lru_cache(maxsize=64)
def _weekend(week: int) -> tuple[int, int]:
    """The weekend of FX that begins in a week, counted from Thursday 1 January 1970."""
    friday = datetime_of(week * _WEEK_US) + _ONE_DAY
    return _at(friday, FX_DAY_BEGINS), _at(friday + 2 * _ONE_DAY, FX_DAY_BEGINS)


def _fx_is_open(local: datetime) -> bool:
    weekday = local.weekday()
    if weekday == _FRIDAY:
        return local.time() < FX_DAY_BEGINS
    if weekday == _SUNDAY:
        return local.time() >= FX_DAY_BEGINS
    return weekday != _SATURDAY


def _last_fx_day(now_us: int, continuous: bool) -> int:
    moment = _last_at(now_us, FX_DAY_BEGINS)
    while not continuous and _new_york(moment).weekday() in (_FRIDAY, _SATURDAY):
        moment = _at(_new_york(moment) - _ONE_DAY, FX_DAY_BEGINS)
    return moment


def _last_at(now_us: int, hour: time) -> int:
    """The newest instant, not after now, at which New York's clocks showed that hour."""
    local = _new_york(now_us)
    today = _at(local, hour)
    return today if today <= now_us else _at(local - _ONE_DAY, hour)


def _new_york(time_us: int) -> datetime:
    return datetime_of(time_us).astimezone(NEW_YORK)


def _at(day: datetime, hour: time) -> int:
    return microseconds(datetime.combine(day.date(), hour, NEW_YORK).astimezone(UTC))


def _stock_calendar(time_us: int) -> _Calendar:
    return _nyse_around(datetime_of(time_us).year)


@lru_cache(maxsize=8)
def _nyse_around(year: int) -> _Calendar:
    """Sessions from the year before to the year after, so that every neighbour is there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package uses what pandas deprecates
        import exchange_calendars  # noqa: PLC0415 (brings pandas: most processes never need it)

        calendar = exchange_calendars.get_calendar(
            "XNYS", start=f"{year - 1}-01-01", end=f"{year + 1}-12-31"
        )
    return _Calendar(
        tuple(int(nanos) // 1_000 for nanos in calendar.opens_nanos),
        tuple(int(nanos) // 1_000 for nanos in calendar.closes_nanos),
    )
