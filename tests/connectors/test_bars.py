"""The four prices of a bar make sense together, or are refused."""

from decimal import Decimal

import pytest

from connectors.bars import bar_prices
from connectors.errors import MalformedError
from market.errors import NotAPriceError


def test_prices_are_exact() -> None:
    prices = bar_prices("binance", ["1.0", "1.5", "0.5", "1.25"])
    assert prices == (Decimal("1"), Decimal("1.5"), Decimal("0.5"), Decimal("1.25"))


@pytest.mark.parametrize("values", ["1 0.9 0.5 0.8", "1 2 1.1 1.5", "1 2 0.5 3", "1 2 0.5 0.4"])
def test_prices_outside_high_and_low_are_malformed(values: str) -> None:
    with pytest.raises(MalformedError):
        bar_prices("binance", values.split())


def test_what_is_no_price_is_no_bar() -> None:
    with pytest.raises(NotAPriceError):
        bar_prices("binance", ["1", "1", "0", "1"])
