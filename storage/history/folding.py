"""Folds rows of open, high, low and close into wider ones."""

import math

import numpy as np
import pyarrow as pa

from market.intervals import Int64s
from market.ticks import Float64s
from storage.columns import Numbers

TIME = pa.timestamp("us", "UTC")
FLOAT_DIGITS = 15
"""All that a float64 holds of any decimal."""
PRICES = ("open", "high", "low", "close")


def candle_schema(numbers: Numbers) -> pa.Schema:
    """Of candles: `time` is the opening, `volume` null where no source gave one, `minutes` how many
    one-minute candles it is made of: 0 of a provider's own bar, and of ticks within a minute."""
    number = pa.float64() if numbers is Numbers.FLOAT64 else pa.decimal128(38, 18)
    return pa.schema(
        [
            ("time", TIME),
            *((name, number) for name in (*PRICES, "volume")),
            ("ticks", pa.int64()),
            ("minutes", pa.int64()),
        ]
    )


def fold(rows: pa.Table, starts: Int64s, schema: pa.Schema) -> pa.Table:
    """The candles of rows that ascend in time; `starts` (n,), where the bucket of each begins.

    Rows have all columns of the schema but `time`. Open is the first, close the last, volume the exact
    sum of those that have one; as a float it is that sum to 15 digits.
    """
    if not rows.num_rows:
        return schema.empty_table()
    firsts = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    time = pa.chunked_array([pa.array(starts[firsts]).cast(TIME)])
    if len(firsts) == rows.num_rows:
        columns = {name: rows.column(name) for name in schema.names if name != "time"}
        return pa.table({"time": time, **columns}).select(schema.names).cast(schema)
    lasts = np.append(firsts[1:], len(starts)) - 1
    sums = ("volume", "ticks", "minutes")
    volume = rows.column("volume")
    inner = rows.select(["high", "low", *sums]).append_column("bucket", pa.array(starts))
    wide = inner.group_by("bucket", use_threads=False).aggregate(
        [("high", "max"), ("low", "min"), *((name, "sum") for name in sums)]
    )
    # Groups come in no order that is promised.
    wide = wide.take(np.argsort(wide.column("bucket").to_numpy()))
    columns = {
        "time": time,
        "open": rows.column("open").take(firsts),
        "high": wide.column("high_max"),
        "low": wide.column("low_min"),
        "close": rows.column("close").take(lasts),
        **{name: wide.column(f"{name}_sum") for name in sums},
    }
    if pa.types.is_floating(volume.type):
        columns["volume"] = pa.chunked_array([_float_sums(volume.to_numpy(), firsts)])
    return pa.table(columns).select(schema.names).cast(schema)


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
