"""Buckets a year, worked by hand."""

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from market.instruments import AssetClass
from market.intervals import Interval
from pricing_engine.quant.periods import periods_per_year
from tests.pricing_engine.quant.making import minutes


@pytest.mark.parametrize(
    ("interval", "stock", "fx", "crypto"),
    [
        ("1m", 252 * 390, 260 * 1_440, 365 * 1_440),
        ("1h", 252 * 6.5, 260 * 24, 365 * 24),
        ("8h", 252, 260 * 3, 365 * 3),
        ("24h", 252, 260, 365),
        ("48h", 126, 130, 182.5),
        ("1d", 252, 260, 365),
        ("5d", 50.4, 52, 73),
        ("1w", 52, 52, 365 / 7),
        ("1M", 12, 12, 12),
        ("3M", 4, 4, 4),
    ],
)
def test_a_year_has_so_many(interval: str, stock: float, fx: float, crypto: float) -> None:
    found = [periods_per_year(Interval.parse(interval), each) for each in AssetClass]
    assert found == pytest.approx([fx, crypto, stock])


@pytest.mark.parametrize("pair", ["eurusd", "nzdusd"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_days_of_recorded_fx_are_six_a_week(pair: str, zone: str, test_data: Path) -> None:
    times = minutes(test_data, pair)["time"].to_list()
    days = {time.astimezone(ZoneInfo(zone)).date() for time in times}
    weekdays = Counter(day.isoweekday() for day in days)
    assert (weekdays[6], weekdays[7]) == (0, 2)
    whole_week = [day for day in days if (day.month, day.day) in {(5, n) for n in range(4, 11)}]
    assert len(whole_week) * 52 == 312
    if zone == "UTC":
        assert len(days) == 13
