"""How large a query may be, worked by hand."""

from datetime import UTC, datetime

import pytest

from api.errors import RangeTooLargeError
from api.limits import MAX_QUERY_ROWS, MAX_QUERY_VALUES
from api.query.bounds import Size, check_size, rows_within
from market.clock import microseconds
from market.intervals import Interval
from pricing_engine.quant.plan import Layout, plan

START = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE, DAY = Interval.parse("1m"), Interval.parse("1d")


def size(minutes: int, symbols: int = 1, pairs: int = 0) -> Size:
    start_us = microseconds(START)
    return Size(symbols, start_us, start_us + minutes * 60_000_000, MINUTE, pairs)


def test_rows_are_those_of_the_range_and_of_the_windows_before_it() -> None:
    made = plan(["close", {"op": "rolling_mean", "window": 101}], Layout.LONG, rows_within(MINUTE))
    check_size(size(MAX_QUERY_ROWS - 100), made)
    with pytest.raises(RangeTooLargeError) as caught:
        check_size(size(MAX_QUERY_ROWS - 99), made)
    assert caught.value.bound == "rows"
    assert caught.value.end is not None
    end_us = microseconds(caught.value.end)
    check_size(Size(1, microseconds(START), end_us, MINUTE), made)


def test_values_are_fields_and_columns_of_every_row() -> None:
    made = plan(["close", *({"name": f"c{n}", "op": "rsi"} for n in range(9))], Layout.LONG, len)
    rows = MAX_QUERY_VALUES // 10 - made.lookback
    check_size(size(rows), made)
    with pytest.raises(RangeTooLargeError) as caught:
        check_size(size(rows + 1), made)
    assert caught.value.bound == "values"


def test_pairs_count_as_many_values_as_they_have() -> None:
    made = plan(["correlation"], Layout.PAIRS, len)
    with pytest.raises(RangeTooLargeError):
        check_size(size(10_000, symbols=50, pairs=2_500), made)
    check_size(size(1_000, symbols=50, pairs=2_500), made)


def test_windows_that_alone_are_too_much_have_no_end_that_would_do() -> None:
    columns = [{"name": f"e{n}", "op": "ewma", "span": 5_000} for n in range(10)]
    made = plan(columns, Layout.LONG, len)
    with pytest.raises(RangeTooLargeError) as caught:
        check_size(size(1, symbols=200), made)
    assert caught.value.end is None


def test_a_wider_bucket_holds_so_many() -> None:
    assert rows_within(MINUTE)("1h") == 60
    assert rows_within(DAY)("1w") >= 7
    assert rows_within(DAY)("1M") >= 31
    assert rows_within(DAY)("1d") == rows_within(DAY)("1h") == 0
