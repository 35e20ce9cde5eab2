"""Bar batches: four exact prices and an exact volume a row."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import LAST, VOLUME_FRACTION, Bar, BarBatch, split_volume
from market.errors import NotAPriceError
from tests.market.strategies import bars, decimals

BATCHES = st.lists(bars(), max_size=8)


def bar(volume: Decimal | str | float | None = None, close: Decimal | str | float = "1") -> Bar:
    return Bar(0, 1, 10, LAST, "1", "1", "1", close, volume, 1)


class TestRows:
    @given(BATCHES)
    def test_are_the_bars_that_the_batch_was_made_of(self, rows: list[Bar]) -> None:
        batch = BarBatch.of(rows)
        assert len(batch) == len(rows)
        assert batch.rows() == rows

    def test_each_price_keeps_its_own_eighteen_digits(self) -> None:
        prices = "1.23456789012345678", "123456789012345678", "0.00000000123456789", "7"
        (row,) = BarBatch.of([Bar(0, 1, 10, LAST, *prices)]).rows()
        assert (row.open, row.high, row.low, row.close) == tuple(Decimal(p) for p in prices)

    @pytest.mark.parametrize("none", [None, 0, "0.000", Decimal(0), 0.0])
    def test_no_volume_is_none(self, none: Decimal | str | float | None) -> None:
        assert BarBatch.of([bar(volume=none)]).row(0).volume is None

    @pytest.mark.parametrize("price", ["0", "-1", "NaN"])
    def test_what_is_no_price_makes_no_batch(self, price: str) -> None:
        with pytest.raises(NotAPriceError):
            BarBatch.of([bar(close=price)])


class TestConcatAndTake:
    @given(st.lists(BATCHES, max_size=4))
    def test_concat_is_the_rows_one_batch_after_another(self, parts: list[list[Bar]]) -> None:
        whole = BarBatch.concat([BarBatch.of(part) for part in parts])
        assert whole.rows() == [row for part in parts for row in part]

    def test_concat_of_nothing_is_empty(self) -> None:
        assert len(BarBatch.concat([])) == 0
        assert BarBatch.concat([]).prices.shape == (0, 4)

    @given(st.lists(bars(), min_size=1, max_size=6), st.data())
    def test_take_an_index_a_mask_and_a_slice(self, rows: list[Bar], data: st.DataObject) -> None:
        batch = BarBatch.of(rows)
        index = data.draw(st.lists(st.integers(0, len(rows) - 1)))
        mask = np.array([position in index for position in range(len(rows))])
        assert batch.take(np.array(index, np.int64)).rows() == [rows[at] for at in index]
        assert batch.take(mask).rows() == [r for r, kept in zip(rows, mask, strict=True) if kept]
        assert batch.take(slice(1, None)).rows() == rows[1:]


class TestSplitVolume:
    @given(decimals(36, (18, 18)))
    def test_loses_no_digit_down_to_the_eighteenth_decimal(self, volume: Decimal) -> None:
        units, fraction = split_volume(volume)
        assert 0 <= fraction < VOLUME_FRACTION
        assert Decimal(f"{units}.{fraction:018d}") == volume

    def test_drops_what_is_finer_and_never_rounds_it_up(self) -> None:
        assert split_volume(Decimal("0." + "9" * 40)) == (0, VOLUME_FRACTION - 1)
        assert split_volume(Decimal("1e-19")) == (0, 0)
        assert split_volume(Decimal("1.5e-18")) == (0, 1)

    def test_reads_a_float_by_its_shortest_representation(self) -> None:
        assert split_volume(1.234e-07) == (0, 123_400_000_000)

    @pytest.mark.parametrize(
        "volume", ["-1", "NaN", "sNaN", "inf", "x", "1e18", float("nan"), -0.5, True]
    )
    def test_what_is_no_volume_is_refused(self, volume: str | float) -> None:
        with pytest.raises(NotAPriceError):
            split_volume(volume)
