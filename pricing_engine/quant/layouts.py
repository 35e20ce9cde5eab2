"""The shapes of an answer: long, wide, and of pairs a list or a matrix; rows in the order of time."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pricing_engine.quant.moments import Float64s, Int64s
from pricing_engine.quant.panel import INSTANT
from pricing_engine.quant.table import SYMBOL, TIME, Table, column

OTHER = "other"


@dataclass(frozen=True, slots=True)
class PairValues:
    """What was measured of all pairs: `values` (pairs, times); pair p is `left[p]` and `right[p]`."""

    times_us: Int64s
    left: Int64s
    right: Int64s
    values: dict[str, Float64s]


def long(table: Table, shown: tuple[str, ...]) -> pl.DataFrame:
    """A row for each time and symbol: time, symbol, columns. Symbols stand in the order of the table."""
    names = pl.Enum(table.symbols[: table.universe])
    times = table.times_us[: table.bounds[table.universe]]
    # Each symbol's rows ascend already, so that a stable sort only merges them.
    order = np.argsort(times, kind="stable")
    order = order[np.searchsorted(times[order], table.start_us) :]
    rows = table.frame.select(TIME, SYMBOL, *shown)[order]
    if len(names.categories) == len(table.symbols):
        return rows
    return rows.with_columns(pl.col(SYMBOL).cast(pl.String).cast(names))


def wide(table: Table, shown: tuple[str, ...]) -> pl.DataFrame:
    """A row for each time: time, then SYMBOL.column, symbol by symbol."""
    rows = long(table, shown)
    frame = rows.select(TIME).unique(maintain_order=True)
    for symbol in table.symbols[: table.universe]:
        own = rows.filter(pl.col(SYMBOL) == symbol).select(
            TIME, *(pl.col(name).alias(f"{symbol}.{name}") for name in shown)
        )
        frame = frame.join(own, on=TIME, how="left", maintain_order="left")
    return frame


def pairs(table: Table, measured: PairValues) -> pl.DataFrame:
    """A row for each time and pair: time, symbol, other, columns. Each pair once, in the order asked."""
    count, times = len(measured.left), len(measured.times_us)
    names = pl.Enum(table.symbols[: table.universe])
    labels = pl.Series(table.symbols[: table.universe], dtype=names)
    return pl.DataFrame(
        [
            pl.Series(TIME, np.repeat(measured.times_us, count)).cast(INSTANT),
            labels.gather(np.tile(measured.left, times)).alias(SYMBOL),
            labels.gather(np.tile(measured.right, times)).alias(OTHER),
            *(column(name, values.T.ravel()) for name, values in measured.values.items()),
        ]
    )


def matrix(table: Table, measured: PairValues) -> pl.DataFrame:
    """A row for each time and symbol: time, symbol, then a column for each symbol, itself included.

    `measured` holds every pair (i, j) with i <= j.
    """
    (values,) = measured.values.values()
    size, times = table.universe, len(measured.times_us)
    square = np.empty((times, size, size))
    square[:, measured.left, measured.right] = values.T
    square[:, measured.right, measured.left] = values.T
    names = table.symbols[:size]
    rows = square.reshape(times * size, size)
    labels = pl.Series(names, dtype=pl.Enum(names))
    return pl.DataFrame(
        [
            pl.Series(TIME, np.repeat(measured.times_us, size)).cast(INSTANT),
            labels.gather(np.tile(np.arange(size), times)).alias(SYMBOL),
            *(column(name, rows[:, place]) for place, name in enumerate(names)),
        ]
    )
