"""A bar's opening and its end, by the name of its series."""

from datetime import UTC

import pytest

from connectors.alphavantage.fields import EASTERN
from connectors.alphavantage.intervals import MONTH_S, WEEK_S, interval_of, span_us
from connectors.errors import MalformedError
from market.bars import DAY_S
from tests.connectors.support import us


@pytest.mark.parametrize(
    ("name", "interval_s"),
    [
        ("Time Series (5min)", 300),
        ("Time Series FX (60min)", 3_600),
        ("Time Series (Daily)", DAY_S),
        ("Time Series (Digital Currency Daily)", DAY_S),
        ("Weekly Time Series", WEEK_S),
        ("Time Series FX (Monthly)", MONTH_S),
        ("1min", 60),
    ],
)
def test_the_interval_is_in_the_name(name: str, interval_s: int) -> None:
    assert interval_of(name) == interval_s


@pytest.mark.parametrize("name", ["Time Series (2min)", "Time Series Intraday", "11min", ""])
def test_another_name_raises(name: str) -> None:
    with pytest.raises(MalformedError, match="interval"):
        interval_of(name)


@pytest.mark.parametrize(
    ("stamp", "interval_s", "opening", "over"),
    [
        ("2026-11-24 10:00:00", 300, "2026-11-24T15:00:00", "2026-11-24T15:05:00"),
        ("2026-11-24", DAY_S, "2026-11-24", "2026-11-25T05:00:00"),
        ("2026-03-08", DAY_S, "2026-03-08", "2026-03-09T04:00:00"),
        ("2026-11-27", WEEK_S, "2026-11-23", "2026-11-30T05:00:00"),
        ("2026-11-30", MONTH_S, "2026-11-01", "2026-12-01T05:00:00"),
        ("2026-12-15", MONTH_S, "2026-12-01", "2027-01-01T05:00:00"),
    ],
)
def test_when_a_bar_opens_and_is_over(stamp: str, interval_s: int, opening: str, over: str) -> None:
    assert span_us(stamp, EASTERN, interval_s) == (us(opening), us(over))


def test_the_last_day_of_the_calendar_has_no_end() -> None:
    with pytest.raises(MalformedError, match="date"):
        span_us("9999-12-31", UTC, DAY_S)
