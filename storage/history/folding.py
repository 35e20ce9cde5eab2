"""Folds rows of open, high, low and close into wider ones."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from market.intervals import Int64s
from market.ticks import Float64s
from storage.columns import Numbers

TIME = pa.timestamp("us", "UTC")
FLOAT_DIGITS = 15
"""All that a float64 holds of any decimal."""
PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume", "ticks", "minutes")
_HOW: dict[str, Literal["max", "min", "sum"]] = {
    "high": "max",
    "low": "min",
    "volume": "sum",
    "ticks": "sum",
    "minutes": "sum",
}


def candle_schema(numbers: Numbers, names: Sequence[str] = COLUMNS) -> pa.Schema:
    """Of candles, or of these columns of them; `time`, the opening, is always there.

    `volume` is null where no source gave one, `minutes` how many one-minute candles it is made of: 0 of a
    provider's own bar, and of ticks within a minute.
    """
    number = pa.float64() if numbers is Numbers.FLOAT64 else pa.decimal128(38, 18)
    types = {**dict.fromkeys(COLUMNS, number), "ticks": pa.int64(), "minutes": pa.int64()}
    return pa.schema([("time", TIME), *((name, types[name]) for name in COLUMNS if name in names)])


def begins(starts: Int64s, groups: Int64s | None = None) -> Int64s:
    """The rows at which a bucket begins: another start than the row before, or another group."""
    changes = np.ones(len(starts), np.bool_)
    changes[1:] = starts[1:] != starts[:-1]
    if groups is not None:
        changes[1:] |= groups[1:] != groups[:-1]
    return np.flatnonzero(changes)


def fold(
    rows: pa.Table, starts: Int64s, schema: pa.Schema, groups: Int64s | None = None
) -> pa.Table:
    """The candles of rows that ascend in time; `starts` (n,), where the bucket of each begins.

    Rows have all columns of the schema but `time`. Open is the first, close the last, volume the exact
    sum of those that have one; as a float it is that sum to 15 digits. With `groups` (n,) rows ascend
    within each, one group after the other, and none is folded with another's.
    """
    if not rows.num_rows:
        return schema.empty_table()
    firsts = begins(starts, groups)
    time = pa.chunked_array([pa.array(starts[firsts]).cast(TIME)])
    names = [name for name in schema.names if name != "time"]
    if len(firsts) == rows.num_rows:
        columns = {name: rows.column(name) for name in names}
    else:
        columns = _folded(rows, firsts, names)
    return pa.table({"time": time, **columns}).cast(schema)


def _folded(
    rows: pa.Table, firsts: Int64s, names: Sequence[str]
) -> "dict[str, pa.ChunkedArray[Any]]":
    """The columns of these names, folded from one of `firsts` to the next."""
    lasts = np.append(firsts[1:], rows.num_rows) - 1
    ends = {"open": firsts, "close": lasts}
    columns = {name: rows.column(name).take(ends[name]) for name in names if name in ends}
    others = {name: how for name, how in _HOW.items() if name in names}
    if others.get("volume") and pa.types.is_floating(rows.column("volume").type):
        del others["volume"]
        sums = _float_sums(rows.column("volume").to_numpy(), firsts)
        columns["volume"] = pa.chunked_array([sums])
    if others:
        bucket = pa.array(np.repeat(np.arange(len(firsts)), lasts - firsts + 1))
        inner = rows.select(list(others)).append_column("bucket", bucket)
        wide = inner.group_by("bucket", use_threads=False).aggregate([*others.items()])
        # Groups come in no order that is promised.
        wide = wide.take(np.argsort(wide.column("bucket").to_numpy()))
        columns |= {name: wide.column(f"{name}_{how}") for name, how in others.items()}
    return {name: columns[name] for name in names}


def _float_sums(numbers: Float64s, firsts: Int64s) -> "pa.DoubleArray":
    """The sums of stretches that begin at `firsts`; NaN counts for nothing, and null is what has no other.

    Each float is the nearest of a decimal: added without an error, and shown with the digits that a decimal
    can have in a float, they have the sum of the decimals.
    """
    known = ~np.isnan(numbers)
    summed = np.where(known, numbers, 0.0).tolist()
    ends = [*firsts[1:].tolist(), len(summed)]
    sums = [
        float(f"{math.fsum(summed[first:end]):.{FLOAT_DIGITS}g}")
        for first, end in zip(firsts.tolist(), ends, strict=True)
    ]
    missing = np.add.reduceat(known, firsts, dtype=np.int64) == 0
    return pa.array(sums, pa.float64(), mask=missing)


def joined(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    """Rows of several tables in the order of their time, in one piece."""
    whole = pa.concat_tables([table.select(schema.names).cast(schema) for table in tables])
    times = whole.column("time").cast(pa.int64()).to_numpy()
    if len(times) > 1 and not np.all(np.diff(times) > 0):
        whole = whole.take(np.argsort(times, kind="stable"))
    return whole.combine_chunks()
