"""Intervals: where a bucket ends, across months and clock changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

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


@pytest.mark.parametrize("interval", Interval)
def test_a_bucket_holds_at_most_its_minutes(interval: Interval) -> None:
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)  # New York's midnight of a 25-hour day
    length = interval.end_of(start, NEW_YORK) - start
    assert length.total_seconds() <= interval.minutes * 60


@pytest.mark.parametrize("interval", Interval)
def test_an_interval_is_fixed_or_of_a_calendar(interval: Interval) -> None:
    assert (interval.width is None) != (interval.unit is None)
