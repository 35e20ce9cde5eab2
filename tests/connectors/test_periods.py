"""When calls are given anew."""

import pytest

from connectors.periods import day_after_us, month_after_us
from tests.connectors.support import us


@pytest.mark.parametrize(
    ("now", "day", "month"),
    [
        ("2026-11-24T12:00", "2026-11-25", "2026-12-01"),
        ("2026-12-31T23:59:59", "2027-01-01", "2027-01-01"),
        ("2027-01-01T00:00", "2027-01-02", "2027-02-01"),
    ],
)
def test_the_next_day_and_month_begin_in_utc(now: str, day: str, month: str) -> None:
    assert day_after_us(us(now)) == us(day)
    assert month_after_us(us(now)) == us(month)
