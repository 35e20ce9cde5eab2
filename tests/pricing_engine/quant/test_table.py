"""The table: where series begin and end, and what stands at a time."""

from datetime import UTC, datetime

import numpy as np

from market.clock import microseconds
from market.instruments import AssetClass
from pricing_engine.quant.panel import Grid, Member, Span, panel
from pricing_engine.quant.table import Table, at_times, column, distinct
from tests.pricing_engine.quant.making import DAY, LAST, ZONE, candles, us

DAYS = [us(2016, 1, day) for day in (4, 5, 6, 7)]


def made(grid: Grid = Grid.OWN) -> Table:
    members = [
        Member("A", AssetClass.STOCK, candles(DAYS, close=[1.0, 2.0, 3.0, 4.0])),
        Member("B", AssetClass.STOCK, candles([DAYS[0], DAYS[2]], close=[5.0, 6.0])),
        Member("C", AssetClass.STOCK, candles(DAYS[1:2], close=[7.0]), asked=False),
    ]
    start = microseconds(datetime(2016, 1, 5, tzinfo=UTC))
    span = Span(start, microseconds(LAST), DAY, ZONE, lookback=1)
    return panel(members, span, ["close"], grid)


def test_bounds_and_begins_say_where_each_symbol_is() -> None:
    table = made()
    assert table.bounds.tolist() == [0, 4, 6, 7]
    assert table.begins.tolist() == [1, 5, 6]
    assert table.universe == 2


def test_a_matrix_has_a_row_a_symbol_and_a_column_a_time_of_the_universe() -> None:
    times, matrix = made().matrix("close")
    assert times.tolist() == DAYS
    nan = np.nan
    expected = np.array([[1, 2, 3, 4], [5, nan, 6, nan], [nan, 7, nan, nan]])
    assert np.array_equal(matrix, expected, equal_nan=True)


def test_beside_gives_another_symbols_value_at_each_rows_time() -> None:
    found = made().beside("close", "C")
    assert np.array_equal(found, np.array([np.nan, 7, *[np.nan] * 4, 7]), equal_nan=True)


def test_distinct_times_ascend() -> None:
    assert distinct(np.array([3, 5, 5, 1, 3, 9])).tolist() == [1, 3, 5, 9]
    assert distinct(np.zeros(0, np.int64)).tolist() == []


def test_at_times_of_nothing_is_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    assert np.isnan(at_times(nothing, np.zeros(0), np.array([1]))).tolist() == [True]


def test_what_is_no_number_is_null() -> None:
    assert column("x", np.array([1.0, np.nan, np.inf, -np.inf])).to_list() == [
        1.0,
        None,
        None,
        None,
    ]
