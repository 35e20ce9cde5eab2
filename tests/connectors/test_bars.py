"""Bars are gathered exactly, and those that make no sense are refused."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bars import BarRows
from connectors.errors import MalformedError
from market.bars import LAST, Bar, BarBatch
from market.errors import NotAPriceError

MINUTE_US = 60_000_000
numbers = st.decimals("0.00000001", "999999", places=8)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers, numbers | st.none()), max_size=5))
def test_rows_become_the_batch_of_their_bars(rows: list[tuple[Decimal, ...]]) -> None:
    gathered, bars = BarRows("binance"), []
    for number, (*prices, volume) in enumerate(rows):
        low, first, last, high = sorted(prices)
        text = None if volume is None else str(volume)
        gathered.add(number * MINUTE_US, [str(each) for each in (first, high, low, last)], text)
        bars.append(Bar(number * MINUTE_US, 7, 11, LAST, first, high, low, last, volume))
    batch, expected = gathered.batch(7, 11, LAST), BarBatch.of(bars)
    assert batch.rows() == expected.rows()
    assert batch.prices.tolist() == expected.prices.tolist()
    assert batch.exponents.tolist() == expected.exponents.tolist()


def test_json_is_read_as_it_was_written() -> None:
    rows = BarRows("binance")
    rows.add(0, [msgspec.Raw(b'"1.0"'), "1.50", msgspec.Raw(b"5e-1"), "1.25"], msgspec.Raw(b"1367"))
    bar = rows.batch(1, 11, LAST).row(0)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (1, 1.5, 0.5, 1.25, 1367)


@pytest.mark.parametrize("values", ["1 0.9 0.5 0.8", "1 2 1.1 1.5", "1 2 0.5 3", "1 2 0.5 0.4"])
def test_prices_outside_high_and_low_are_malformed(values: str) -> None:
    rows = BarRows("binance")
    with pytest.raises(MalformedError):
        rows.add(0, values.split())
    assert len(rows.batch(1, 11, LAST)) == 0


@pytest.mark.parametrize(("prices", "volume"), [("1 1 0 1", "1"), ("1 1 1 1", "-1")])
def test_what_is_no_number_leaves_no_row(prices: str, volume: str) -> None:
    rows = BarRows("binance")
    with pytest.raises(NotAPriceError):
        rows.add(0, prices.split(), volume)
    assert len(rows.batch(1, 11, LAST)) == 0
