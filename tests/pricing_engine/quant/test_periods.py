"""Buckets a year, worked by hand."""

import pytest

from market.instruments import AssetClass
from market.intervals import Interval
from pricing_engine.quant.periods import periods_per_year


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
