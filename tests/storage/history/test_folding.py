"""Folding of rows into wider candles."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from storage.columns import Numbers
from storage.history.folding import begins, candle_schema, fold, joined

DECIMAL = pa.decimal128(38, 18)


def units(count: int, type_: pa.DataType, volumes: Sequence[int | None]) -> pa.Table:
    prices = {
        name: pa.array([Decimal(n * 10 + add) for n in range(count)]).cast(type_)
        for name, add in (("open", 2), ("high", 4), ("low", 1), ("close", 3))
    }
    ones = pa.array(np.ones(count, np.int64))
    volume = pa.array([None if v is None else Decimal(v) for v in volumes], DECIMAL).cast(type_)
    time = pa.array(range(count), pa.timestamp("us", "UTC"))
    return pa.table({"time": time, **prices, "volume": volume, "ticks": ones, "minutes": ones})


@pytest.mark.parametrize("numbers", Numbers)
def test_a_bucket_is_the_first_the_highest_the_lowest_and_the_last_of_its_rows(
    numbers: Numbers,
) -> None:
    schema = candle_schema(numbers)
    rows = units(5, schema.field("open").type, [1, None, 2, None, None])
    found = fold(rows, np.array([0, 0, 0, 7, 7]), schema)
    assert found.schema == schema
    shown = [list(row.values())[1:] for row in found.to_pylist()]
    assert shown == [[2, 24, 1, 23, 3, 3, 3], [32, 44, 31, 43, None, 2, 2]]
    assert found.column("time").cast(pa.int64()).to_pylist() == [0, 7]


def test_volumes_as_floats_are_summed_without_an_error_of_adding() -> None:
    schema = candle_schema(Numbers.FLOAT64)
    volumes = ["0.1", "0.2", "0.00001", "1e15", "0.3", None]
    rows = units(6, pa.float64(), [None] * 6)
    volume = pa.array([None if v is None else float(v) for v in volumes], pa.float64())
    place = rows.schema.get_field_index("volume")
    rows = rows.set_column(place, "volume", volume)
    found = fold(rows, np.array([0, 0, 0, 3, 3, 5]), schema)
    assert found.column("volume").to_pylist() == [0.30001, 1e15, None]


def test_many_buckets_keep_their_order() -> None:
    schema = candle_schema(Numbers.FLOAT64)
    starts = np.sort(np.random.default_rng(1).integers(0, 3_000, 5_000))
    found = fold(units(5_000, pa.float64(), 5_000 * [1]), starts, schema)
    highest = found.column("high").to_numpy()
    assert np.all(np.diff(highest) > 0)
    assert found.column("ticks").to_pylist() == np.unique(starts, return_counts=True)[1].tolist()


def test_rows_that_are_buckets_already_stay_what_they_are() -> None:
    schema = candle_schema(Numbers.FLOAT64)
    rows = units(3, pa.float64(), [1, 2, 3])
    assert fold(rows, np.array([0, 1, 2]), schema).to_pylist() == rows.to_pylist()
    assert fold(rows.slice(0, 0), np.array([], np.int64), schema).num_rows == 0


def test_rows_of_several_tables_are_put_in_the_order_of_time() -> None:
    rows = units(4, pa.float64(), [1, 2, 3, 4])
    schema = candle_schema(Numbers.FLOAT64)
    found = joined([rows.slice(2), rows.slice(0, 2)], schema)
    assert found.to_pylist() == rows.to_pylist()


def test_groups_are_folded_by_themselves() -> None:
    schema = candle_schema(Numbers.FLOAT64, ["close", "ticks"])
    rows = units(4, pa.float64(), 4 * [None])
    found = fold(rows, np.array([0, 7, 7, 7]), schema, np.array([1, 1, 1, 2]))
    assert found.schema == schema
    assert found.drop_columns(["time"]).to_pydict() == {"close": [3, 23, 33], "ticks": [1, 2, 1]}
    assert begins(np.array([0, 0, 0, 7]), np.array([1, 1, 2, 2])).tolist() == [0, 2, 3]


def test_columns_that_are_not_asked_for_are_not_there() -> None:
    rows = units(3, pa.float64(), [1, 2, 3]).select(["time", "close"])
    schema = candle_schema(Numbers.FLOAT64, ["close"])
    assert fold(rows, np.array([0, 0, 1]), schema).column("close").to_pylist() == [13, 23]
    assert fold(rows, np.array([0, 1, 2]), schema).column("close").to_pylist() == [3, 13, 23]
    times = candle_schema(Numbers.FLOAT64, [])
    assert fold(rows, np.array([0, 0, 1]), times).schema == times
