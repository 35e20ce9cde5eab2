"""The ECB's reference rates as ticks, and when a day's rates were published.

The rates are those of about 14:10 Central European time and come out at about 16:00 on every working
day of TARGET (ECB, "Euro foreign exchange reference rates"; until July 2016 it was about 14:30). A
rate's time is 16:00 of its day in Frankfurt: nobody knew it before. They are for information: free to
use with their source named, which is the European Central Bank.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.ecb.days import days_of
from connectors.ecb.envelope import PROVIDER
from connectors.errors import MalformedError
from connectors.rates import RateRows, day_of
from market.clock import datetime_of, microseconds
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed

BASE = "EUR"
FRANKFURT = ZoneInfo("Europe/Berlin")
PUBLISHED_AT = time(16)

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


def parse_rates(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The rates of every day of a document, oldest first, from the day on that the context names.

    A day that is none or that has no rates is refused alone.
    """
    since = day_of(record.context)
    rows = RateRows(record, instruments)
    for each in days_of(record.payload):
        if each.day is None:
            rows.refuse(MalformedError(PROVIDER, "a day that is none"), each.text)
        elif not each.rates:
            rows.refuse(MalformedError(PROVIDER, "a day without rates"), each.text)
        elif since is None or each.day >= since:
            rows.add(BASE, each.rates, _known_us(each.day, record.received_us))
    return rows.parsed()


def published_us(day: date) -> int:
    """16:00 of that day in Frankfurt."""
    return microseconds(datetime.combine(day, PUBLISHED_AT, FRANKFURT).astimezone(UTC))


def last_publication(now_us: int) -> date:
    """The newest weekday that is past its 16:00; the ECB's few holidays count as weekdays."""
    day = datetime_of(now_us).astimezone(FRANKFURT).date()
    if now_us < published_us(day):
        day -= _ONE_DAY
    return _weekday_before(day + _ONE_DAY)


def publication_before(day: date) -> date:
    """The weekday before."""
    return _weekday_before(day)


def _weekday_before(day: date) -> date:
    day -= _ONE_DAY
    while day.weekday() >= _SATURDAY:
        day -= _ONE_DAY
    return day


def _known_us(day: date, received_us: int) -> int:
    """The time of a day's rates: some minutes before 16:00 where they came that early."""
    at_us = published_us(day)
    if datetime_of(received_us).astimezone(FRANKFURT).date() == day:
        return min(at_us, received_us)
    return at_us
