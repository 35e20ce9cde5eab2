"""Instants: microseconds, datetimes and RFC 3339 name the same one."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.clock import datetime_of, microseconds, rfc3339, system_clock

MOMENTS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


@given(MOMENTS)
def test_a_datetime_and_back_is_exact(time_us: int) -> None:
    moment = datetime_of(time_us)
    assert moment.tzinfo is UTC
    assert microseconds(moment) == time_us


@given(MOMENTS)
def test_rfc3339_reads_back_as_the_same_instant(time_us: int) -> None:
    text = rfc3339(time_us)
    assert text.endswith("Z")
    assert microseconds(datetime.fromisoformat(text)) == time_us


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_000_001, "2023-11-14T22:13:20.000001Z"),
        (1_700_000_000_500_000, "2023-11-14T22:13:20.500000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_rfc3339_shows_decimals_only_where_there_are_any(time_us: int, text: str) -> None:
    assert rfc3339(time_us) == text


def test_microseconds_of_another_zone_are_of_the_same_instant() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert microseconds(datetime(1970, 1, 1, 5, 30, tzinfo=zone)) == 0


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        microseconds(datetime(2024, 1, 1))


def test_the_system_clock_is_the_machines() -> None:
    before = time.time_ns() // 1_000
    assert before <= system_clock() <= time.time_ns() // 1_000
