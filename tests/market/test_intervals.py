"""Intervals: where a bucket ends, across months and clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.intervals import Interval

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("interval", "start", "zone", "end"),
    [
        (Interval.M5, "2026-11-24T10:55:00Z", UTC_ZONE, "2026-11-24T11:00:00Z"),
        (Interval.H4, "2026-11-24T20:00:00Z", NEW_YORK, "2026-11-25T00:00:00Z"),
        (Interval.D1, "2026-11-24T00:00:00Z", UTC_ZONE, "2026-11-25T00:00:00Z"),
        (Interval.D1, "2026-11-01T04:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),  # 25 hours
        (Interval.D1, "2026-03-08T05:00:00Z", NEW_YORK, "2026-03-09T04:00:00Z"),  # 23 hours
        (Interval.W1, "2026-10-26T04:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),
        (Interval.MONTH, "2026-01-01T00:00:00Z", UTC_ZONE, "2026-02-01T00:00:00Z"),
        (Interval.MONTH, "2026-11-01T04:00:00Z", NEW_YORK, "2026-12-01T05:00:00Z"),
        (Interval.MONTH, "2026-12-01T00:00:00Z", UTC_ZONE, "2027-01-01T00:00:00Z"),
    ],
)
def test_end_of(interval: Interval, start: str, zone: ZoneInfo, end: str) -> None:
    assert interval.end_of(datetime.fromisoformat(start), zone) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("interval", "moment", "zone", "first"),
    [
        (Interval.M5, "2026-11-24T10:55:00Z", UTC_ZONE, "2026-11-24T10:55:00Z"),
        (Interval.M5, "2026-11-24T10:55:00.000001Z", UTC_ZONE, "2026-11-24T11:00:00Z"),
        (Interval.H4, "2026-11-24T20:00:01Z", NEW_YORK, "2026-11-25T00:00:00Z"),
        (Interval.D1, "2026-11-24T00:00:00Z", UTC_ZONE, "2026-11-24T00:00:00Z"),
        (Interval.D1, "2026-11-01T05:00:00Z", NEW_YORK, "2026-11-02T05:00:00Z"),
        (Interval.W1, "2026-11-24T05:00:00Z", NEW_YORK, "2026-11-30T05:00:00Z"),
        (Interval.W1, "2026-11-23T05:00:00Z", NEW_YORK, "2026-11-23T05:00:00Z"),
        (Interval.MONTH, "2026-12-01T00:00:00Z", NEW_YORK, "2026-12-01T05:00:00Z"),
        (Interval.MONTH, "2026-12-02T00:00:00Z", UTC_ZONE, "2027-01-01T00:00:00Z"),
    ],
)
def test_first_from(interval: Interval, moment: str, zone: ZoneInfo, first: str) -> None:
    assert interval.first_from(datetime.fromisoformat(moment), zone) == datetime.fromisoformat(
        first
    )


@pytest.mark.parametrize("interval", Interval)
@settings(deadline=None)
@given(
    moment=st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from([UTC_ZONE, NEW_YORK, ZoneInfo("Australia/Lord_Howe")]),
)
def test_buckets_tile_the_time(interval: Interval, moment: datetime, zone: ZoneInfo) -> None:
    start = interval.first_from(moment, zone)
    end = interval.end_of(start, zone)
    assert moment <= start < end
    assert interval.first_from(start, zone) == start
    assert interval.first_from(start + timedelta(microseconds=1), zone) == end


@pytest.mark.parametrize("interval", Interval)
def test_a_bucket_holds_at_most_its_minutes(interval: Interval) -> None:
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)  # New York's midnight of a 25-hour day
    length = interval.end_of(start, NEW_YORK) - start
    assert length.total_seconds() <= interval.minutes * 60


@pytest.mark.parametrize("interval", Interval)
def test_an_interval_is_fixed_or_of_a_calendar(interval: Interval) -> None:
    assert (interval.width is None) != (interval.unit is None)
