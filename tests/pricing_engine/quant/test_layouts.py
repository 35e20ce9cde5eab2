"""The shapes of an answer."""

import polars as pl

from pricing_engine.quant.plan import Layout
from tests.pricing_engine.quant.making import asked, candles, us

DAYS = [us(2016, 1, day) for day in (4, 5, 6)]
FRAMES = {
    "B": candles(DAYS[:2], close=[1.0, 2.0]),
    "A": candles(DAYS[1:], close=[3.0, 4.0]),
}


def test_long_goes_by_time_then_by_symbol_as_asked() -> None:
    answer = asked(FRAMES, ["close"])
    rows = [(row["time"].day, row["symbol"], row["close"]) for row in answer.iter_rows(named=True)]
    assert rows == [(4, "B", 1.0), (5, "B", 2.0), (5, "A", 3.0), (6, "A", 4.0)]
    assert answer.schema["time"] == pl.Datetime("us", "UTC")


def test_wide_has_a_row_a_time_and_a_column_a_symbol_and_name() -> None:
    answer = asked(FRAMES, ["close", "simple_return"], layout=Layout.WIDE)
    assert answer.columns == ["time", "B.close", "B.simple_return", "A.close", "A.simple_return"]
    assert answer["B.close"].to_list() == [1.0, 2.0, None]
    assert answer["A.simple_return"].to_list() == [None, None, 4 / 3 - 1]


def test_pairs_name_each_pair_once_in_the_order_asked() -> None:
    answer = asked(FRAMES, [{"op": "covariance", "of": "close"}], layout=Layout.PAIRS)
    assert answer.select("symbol", "other").rows() == [("B", "A")]
    assert answer["covariance"].to_list() == [None]  # they share one row alone


def test_a_benchmark_stands_in_no_layout() -> None:
    columns = [{"op": "beta", "of": "close", "benchmark": "A"}]
    assert set(asked(FRAMES, columns, benchmarks=["A"])["symbol"].to_list()) == {"B"}
    wide = asked(FRAMES, columns, benchmarks=["A"], layout=Layout.WIDE)
    assert wide.columns == ["time", "B.beta"]
