"""Tick batches: nothing is lost between rows, columns, bytes and Arrow."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import NotAPriceError
from market.ticks import QUOTE, RATE, TRADE, Tick, TickBatch
from tests.market.strategies import decimals, ticks

BATCHES = st.lists(ticks(), max_size=12)


def same(left: TickBatch, right: TickBatch) -> bool:
    return left.to_bytes() == right.to_bytes()


class TestRows:
    @given(BATCHES)
    def test_are_the_ticks_that_the_batch_was_made_of(self, rows: list[Tick]) -> None:
        batch = TickBatch.of(rows)
        assert len(batch) == len(rows)
        assert batch.rows() == rows

    def test_keep_eighteen_digits_of_a_price_and_of_a_size(self) -> None:
        tick = Tick(0, 1, 10, TRADE, 1, price="0.123456789012345678", size="123456789012345678")
        (row,) = TickBatch.of([tick]).rows()
        assert row.price == Decimal("0.123456789012345678")
        assert row.size == Decimal(123456789012345678)

    def test_prices_of_a_row_share_the_finer_exponent(self) -> None:
        batch = TickBatch.of([Tick(0, 1, 10, QUOTE, bid="1.5", ask="1.50001")])
        assert (batch.bid[0], batch.ask[0], batch.exponent[0]) == (150_000, 150_001, 5)

    def test_a_price_too_fine_for_its_neighbour_is_rounded_half_even(self) -> None:
        wide, fine = "1234567890123.5", "1.0000065"
        (row,) = TickBatch.of([Tick(0, 1, 10, QUOTE, bid=fine, ask=wide)]).rows()
        assert (row.bid, row.ask) == (Decimal("1.00001"), Decimal(wide))

    def test_a_price_is_never_rounded_to_nothing(self) -> None:
        (row,) = TickBatch.of([Tick(0, 1, 10, QUOTE, bid="1e-30", ask="10.5")]).rows()
        assert (row.bid, row.ask) == (Decimal("1e-16"), Decimal("10.5"))

    @pytest.mark.parametrize("price", ["0", "-1", "NaN", float("inf")])
    def test_what_is_no_price_makes_no_batch(self, price: str | float) -> None:
        with pytest.raises(NotAPriceError):
            TickBatch.of([Tick(0, 1, 10, RATE, price=price)])
        with pytest.raises(NotAPriceError):
            TickBatch.of([Tick(0, 1, 10, TRADE, price="1", size=price)])


class TestBytes:
    @given(BATCHES)
    def test_read_back_the_same(self, rows: list[Tick]) -> None:
        batch = TickBatch.of(rows)
        assert TickBatch.from_bytes(batch.to_bytes()).rows() == rows
        assert same(TickBatch.from_bytes(batch.to_bytes()), batch)

    def test_keep_lateness(self) -> None:
        batch = TickBatch.empty(3)
        batch.late[1] = True
        assert TickBatch.from_bytes(batch.to_bytes()).late.tolist() == [False, True, False]

    def test_that_are_cut_off_are_refused(self) -> None:
        data = TickBatch.empty(3).to_bytes()
        with pytest.raises(ValueError):
            TickBatch.from_bytes(data[:-1])


class TestArrow:
    @given(BATCHES)
    def test_reads_back_the_same(self, rows: list[Tick]) -> None:
        arrow = TickBatch.of(rows).to_arrow()
        assert arrow.num_rows == len(rows)
        assert same(TickBatch.from_arrow(arrow), TickBatch.of(rows))

    @given(st.lists(ticks(), min_size=1, max_size=12), st.data())
    def test_a_slice_reads_back_as_these_rows(self, rows: list[Tick], data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(rows) - 1))
        part = TickBatch.of(rows).to_arrow().slice(start, 4)
        assert TickBatch.from_arrow(part).rows() == rows[start : start + 4]

    def test_shares_the_memory_of_integer_columns(self) -> None:
        batch = TickBatch.empty(1_000)
        arrow = batch.to_arrow()
        column = arrow.column("time")
        assert isinstance(column, pa.Int64Array)
        assert np.shares_memory(column.to_numpy(), batch.time)
        assert np.shares_memory(TickBatch.from_arrow(arrow).time, batch.time)


class TestConcat:
    @given(st.lists(BATCHES, max_size=4))
    def test_is_the_rows_one_batch_after_another(self, parts: list[list[Tick]]) -> None:
        whole = TickBatch.concat([TickBatch.of(part) for part in parts])
        assert whole.rows() == [tick for part in parts for tick in part]

    def test_of_nothing_is_an_empty_batch(self) -> None:
        assert same(TickBatch.concat([]), TickBatch.empty())
        assert len(TickBatch.concat([TickBatch.empty(), TickBatch.empty()])) == 0


class TestTake:
    @given(st.lists(ticks(), min_size=1, max_size=8), st.data())
    def test_an_index_a_mask_and_a_slice(self, rows: list[Tick], data: st.DataObject) -> None:
        batch = TickBatch.of(rows)
        index = data.draw(st.lists(st.integers(0, len(rows) - 1)))
        mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
        assert batch.take(np.array(index, np.int64)).rows() == [rows[at] for at in index]
        assert batch.take(mask).rows() == [r for r, kept in zip(rows, mask, strict=True) if kept]
        assert batch.take(slice(1, None)).rows() == rows[1:]

    def test_a_slice_copies_nothing(self) -> None:
        batch = TickBatch.empty(10)
        assert np.shares_memory(batch.take(slice(2, 5)).time, batch.time)


class TestMarks:
    @given(decimals(9, (0, 9)), decimals(9, (0, 9)))
    def test_a_price_is_itself_and_a_quote_its_mid(self, low: Decimal, other: Decimal) -> None:
        bid, ask = sorted([low, other])
        marks = TickBatch.of(
            [
                Tick(0, 1, 10, QUOTE, bid=bid, ask=ask),
                Tick(0, 1, 10, TRADE, price=bid, size="3"),
                Tick(0, 1, 10, RATE, price=ask),
            ]
        ).marks()
        assert marks.tolist() == pytest.approx([float((bid + ask) / 2), float(bid), float(ask)])

    def test_of_no_ticks_are_none(self) -> None:
        assert TickBatch.empty().marks().tolist() == []
