"""Intervals: what is one, where its buckets begin and end, across months and clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.clock import datetime_of, microseconds
from market.intervals import (
    DAY_US,
    HOUR_US,
    MOST,
    Interval,
    InvalidIntervalError,
    Unit,
    aligned,
    local_midnights,
)

NEW_YORK, LONDON, LORD_HOWE, KOLKATA, APIA, HAVANA, UTC_ZONE = (
    ZoneInfo(name)
    for name in (
        "America/New_York",
        "Europe/London",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Pacific/Apia",
        "America/Havana",
        "UTC",
    )
)
INTERVALS = ["1s", "90s", "1m", "7m", "1h", "5h", "1d", "3d", "1w", "2w", "1M", "5M", "12M"]


def us(moment: str) -> int:
    return microseconds(datetime.fromisoformat(moment))


class TestParse:
    @pytest.mark.parametrize(
        "text", [*INTERVALS, *(f"{most}{unit}" for unit, most in MOST.items())]
    )
    def test_what_is_written_is_read_and_written_again(self, text: str) -> None:
        assert str(Interval.parse(text)) == text

    def test_a_small_m_is_a_minute_and_a_large_one_a_month(self) -> None:
        assert Interval.parse("1m") == Interval(1, Unit.MINUTE)
        assert Interval.parse("1M") == Interval(1, Unit.MONTH)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "m",
            "5",
            "0m",
            "05m",
            "-1m",
            "1.5h",
            "1y",
            "1 m",
            "5m\n",
            "13M",
            "86401s",
            "9999999s",
        ],
    )
    def test_what_is_none_or_beyond_the_bounds_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidIntervalError, match="1s to 86400s"):
            Interval.parse(text)


# Every pair was worked out by hand from the zone's rules.
BUCKETS = [
    ("90s", "2026-11-24T10:58:30Z", UTC_ZONE, "2026-11-24T11:00:00Z"),
    ("5m", "2026-11-24T10:55:00Z", UTC_ZONE, "2026-11-24T11:00:00Z"),
    ("4h", "2026-11-24T20:00:00Z", NEW_YORK, "2026-11-25T00:00:00Z"),
    ("1h", "2026-11-01T05:00:00Z", NEW_YORK, "2026-11-01T06:00:00Z"),  # the hour that comes twice
    ("1d", "2026-11-24T00:00:00Z", UTC_ZONE, "2026-11-25T00:00:00Z"),
    ("1d", "2026-11-01T04:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),  # 25 hours
    ("1d", "2026-03-08T05:00:00Z", NEW_YORK, "2026-03-09T04:00:00Z"),  # 23 hours
    ("1d", "2026-03-29T00:00:00Z", LONDON, "2026-03-29T23:00:00Z"),  # 23 hours
    ("1d", "2026-10-24T23:00:00Z", LONDON, "2026-10-26T00:00:00Z"),  # 25 hours
    ("1d", "2026-04-04T13:00:00Z", LORD_HOWE, "2026-04-05T13:30:00Z"),  # 24.5 hours
    ("1d", "2026-10-03T13:30:00Z", LORD_HOWE, "2026-10-04T13:00:00Z"),  # 23.5 hours
    ("1d", "2026-11-23T18:30:00Z", KOLKATA, "2026-11-24T18:30:00Z"),
    ("1d", "2011-12-29T10:00:00Z", APIA, "2011-12-30T10:00:00Z"),  # the 30th was left out
    ("1d", "2011-12-30T10:00:00Z", APIA, "2011-12-31T10:00:00Z"),
    ("1d", "2026-11-01T04:00:00Z", HAVANA, "2026-11-02T05:00:00Z"),  # its midnight comes twice
    ("1d", "2028-02-28T00:00:00Z", UTC_ZONE, "2028-02-29T00:00:00Z"),  # of a leap year
    ("1d", "2028-02-29T00:00:00Z", UTC_ZONE, "2028-03-01T00:00:00Z"),
    ("3d", "1970-01-01T00:00:00Z", UTC_ZONE, "1970-01-04T00:00:00Z"),
    ("3d", "2026-11-24T00:00:00Z", UTC_ZONE, "2026-11-27T00:00:00Z"),  # the 20,781st day
    ("1w", "2026-10-26T04:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),
    ("1w", "2026-03-22T18:30:00Z", KOLKATA, "2026-03-29T18:30:00Z"),
    ("2w", "1969-12-29T00:00:00Z", UTC_ZONE, "1970-01-12T00:00:00Z"),
    ("1M", "2026-01-01T00:00:00Z", UTC_ZONE, "2026-02-01T00:00:00Z"),
    ("1M", "2028-02-01T00:00:00Z", UTC_ZONE, "2028-03-01T00:00:00Z"),
    ("1M", "2026-11-01T04:00:00Z", NEW_YORK, "2026-12-01T05:00:00Z"),
    ("1M", "2026-12-01T00:00:00Z", UTC_ZONE, "2027-01-01T00:00:00Z"),
    ("3M", "2026-10-01T00:00:00Z", UTC_ZONE, "2027-01-01T00:00:00Z"),
    ("3M", "2026-03-31T23:00:00Z", LONDON, "2026-06-30T23:00:00Z"),
    ("5M", "1970-06-01T00:00:00Z", UTC_ZONE, "1970-11-01T00:00:00Z"),
    ("12M", "2026-01-01T05:00:00Z", NEW_YORK, "2027-01-01T05:00:00Z"),
]


@pytest.mark.parametrize(("text", "start", "zone", "end"), BUCKETS)
def test_a_bucket_holds_from_its_start_to_its_end(
    text: str, start: str, zone: ZoneInfo, end: str
) -> None:
    interval = Interval.parse(text)
    inside = np.array([us(start), us(start) + 1, us(end) - 1], np.int64)
    assert interval.starts_of(inside, zone).tolist() == [us(start)] * 3
    assert interval.ends_of(inside[:1], zone).tolist() == [us(end)]
    assert interval.start_of(datetime_of(us(end) - 1), zone) == datetime_of(us(start))
    assert interval.end_of(datetime_of(us(start)), zone) == datetime_of(us(end))
    assert us(end) - us(start) <= interval.longest_us


@pytest.mark.parametrize(
    ("text", "moment", "zone", "first"),
    [
        ("5m", "2026-11-24T10:55:00Z", UTC_ZONE, "2026-11-24T10:55:00Z"),
        ("5m", "2026-11-24T10:55:00.000001Z", UTC_ZONE, "2026-11-24T11:00:00Z"),
        ("4h", "2026-11-24T20:00:01Z", NEW_YORK, "2026-11-25T00:00:00Z"),
        ("1d", "2026-11-24T00:00:00Z", UTC_ZONE, "2026-11-24T00:00:00Z"),
        ("1d", "2026-11-01T05:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),
        ("1w", "2026-11-24T05:00:00Z", NEW_YORK, "2026-11-30T05:00:00Z"),
        ("1w", "2026-11-23T05:00:00Z", NEW_YORK, "2026-11-23T05:00:00Z"),
        ("1M", "2026-12-01T00:00:00Z", NEW_YORK, "2026-12-01T05:00:00Z"),
        ("1M", "2026-12-02T00:00:00Z", UTC_ZONE, "2027-01-01T00:00:00Z"),
    ],
)
def test_first_from(text: str, moment: str, zone: ZoneInfo, first: str) -> None:
    found = Interval.parse(text).first_from(datetime.fromisoformat(moment), zone)
    assert found == datetime.fromisoformat(first)


@pytest.mark.parametrize("text", INTERVALS)
@settings(deadline=None)
@given(
    moments=st.lists(
        st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), min_size=1
    ),
    zone=st.sampled_from([UTC_ZONE, NEW_YORK, LONDON, LORD_HOWE, KOLKATA, APIA, HAVANA]),
)
def test_buckets_tile_the_time(text: str, moments: list[datetime], zone: ZoneInfo) -> None:
    interval = Interval.parse(text)
    times = np.array([microseconds(moment) for moment in moments], np.int64)
    starts = interval.starts_of(times, zone)
    ends = interval.ends_of(starts, zone)
    assert np.all((starts <= times) & (times < ends))
    assert np.all(ends - starts <= interval.longest_us)
    assert interval.starts_of(starts, zone).tolist() == starts.tolist()
    assert interval.starts_of(ends, zone).tolist() == ends.tolist()
    assert interval.starts_of(ends - 1, zone).tolist() == starts.tolist()


@given(
    moment=st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    unit=st.sampled_from(["1d", "1w", "1M"]),
)
def test_a_calendars_bucket_begins_when_its_clock_says_so(moment: datetime, unit: str) -> None:
    start = Interval.parse(unit).start_of(moment, NEW_YORK).astimezone(NEW_YORK)
    assert (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)
    local = moment.astimezone(NEW_YORK).date()
    expected = {
        "1d": local,
        "1w": local - timedelta(days=local.weekday()),
        "1M": local.replace(day=1),
    }
    assert start.date() == expected[unit]


def test_no_instants_have_no_buckets() -> None:
    none = np.array([], np.int64)
    for text in ("5m", "1d"):
        assert len(Interval.parse(text).starts_of(none, NEW_YORK)) == 0
        assert len(Interval.parse(text).ends_of(none, NEW_YORK)) == 0


def test_a_session_keeps_its_date_in_every_zone() -> None:
    days = np.array([us("2026-03-08T00:00:00Z"), us("2025-12-31T14:30:00Z")], np.int64)
    assert local_midnights(days, NEW_YORK).tolist() == [
        us("2026-03-08T05:00:00Z"),
        us("2025-12-31T05:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("text", "zone", "hours", "days"),
    [
        ("1h", KOLKATA, True, False),
        ("90m", UTC_ZONE, False, False),
        ("48h", NEW_YORK, True, True),
        ("1d", UTC_ZONE, True, True),
        ("1d", NEW_YORK, True, False),
        ("1d", LONDON, True, False),
        ("1d", KOLKATA, False, False),
        ("1M", LORD_HOWE, False, False),
    ],
)
def test_buckets_that_begin_at_full_hours_or_days(
    text: str, zone: ZoneInfo, *, hours: bool, days: bool
) -> None:
    year = (us("2026-01-01T00:00:00Z"), us("2026-12-01T00:00:00Z"))
    assert aligned(Interval.parse(text), year, zone, HOUR_US) is hours
    assert aligned(Interval.parse(text), year, zone, DAY_US) is days


def test_a_zone_may_be_aligned_in_winter_alone() -> None:
    winter = (us("2026-11-01T00:00:00Z"), us("2026-12-01T00:00:00Z"))
    assert aligned(Interval.parse("1d"), winter, LONDON, DAY_US)
