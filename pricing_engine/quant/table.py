"""The table that columns are computed in: all rows of the first symbol, then of the next, by time."""

from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from market.intervals import Interval
from pricing_engine.quant.moments import Float64s, Int64s

TIME, SYMBOL = "time", "symbol"


@dataclass(slots=True)
class Table:
    """`frame` has `symbol` (Enum), `time` (microseconds, UTC), price fields and columns so far (Float64).

    The first `universe` of `symbols` are asked for, the others are benchmarks alone. Rows before
    `start_us` are there for the windows of those that follow. `periods` are the buckets a year of each
    symbol.
    """

    frame: pl.DataFrame
    symbols: tuple[str, ...]
    universe: int
    start_us: int
    interval: Interval
    zone: ZoneInfo
    periods: tuple[float, ...]

    @property
    def times_us(self) -> Int64s:
        """(rows,), the opening of each row's bucket."""
        return self.frame[TIME].to_physical().to_numpy()

    @property
    def bounds(self) -> Int64s:
        """(symbols + 1,): the rows of symbol s are `bounds[s]` to `bounds[s + 1]`."""
        codes = self.frame[SYMBOL].to_physical().cast(pl.Int64).to_numpy()
        return np.searchsorted(codes, np.arange(len(self.symbols) + 1)).astype(np.int64)

    @property
    def begins(self) -> Int64s:
        """(symbols,): the first row of each that does not lie before the start."""
        times, bounds = self.times_us, self.bounds
        return np.array(
            [
                first + np.searchsorted(times[first:last], self.start_us)
                for first, last in pairwise(bounds.tolist())
            ],
            np.int64,
        )

    def values(self, name: str) -> Float64s:
        """A column as (rows,) floats, NaN where it is null."""
        return self.frame[name].to_numpy().astype(np.float64, copy=False)

    def matrix(self, name: str) -> tuple[Int64s, Float64s]:
        """A column as the times that any of the universe has, and (symbols, times) values at them."""
        times, bounds, values = self.times_us, self.bounds, self.values(name)
        common = distinct(times[: bounds[self.universe]])
        rows = [
            at_times(times[first:last], values[first:last], common)
            for first, last in pairwise(bounds.tolist())
        ]
        return common, np.stack(rows)

    def rows(self, common: Int64s, matrix: Float64s) -> Float64s:
        """Back from values at common times, (symbols, times), to the rows that there are; (rows,)."""
        times = self.times_us
        parts = [
            at_times(common, matrix[symbol], times[first:last])
            for symbol, (first, last) in enumerate(pairwise(self.bounds.tolist()))
        ]
        return np.concatenate(parts)

    def beside(self, name: str, symbol: str) -> Float64s:
        """A symbol's column at the times of every row, NaN where it has no bucket then; (rows,)."""
        times, bounds, values = self.times_us, self.bounds, self.values(name)
        place = self.symbols.index(symbol)
        own = slice(bounds[place], bounds[place + 1])
        return at_times(times[own], values[own], times)


def distinct(times: Int64s) -> Int64s:
    """Each time once, ascending."""
    # A stable sort merges what comes in ascending runs; numpy's own unique hashes, and takes ten times
    # as long.
    ordered = np.sort(times, kind="stable")
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def at_times(times: Int64s, values: Float64s, wanted: Int64s) -> Float64s:
    """The values at these instants, NaN where `times` (ascending) has none."""
    if not len(times):
        return np.full(len(wanted), np.nan)
    places = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    return np.where(times[places] == wanted, values[places], np.nan)


def column(name: str, values: npt.NDArray[np.float64]) -> pl.Series:
    """A column of floats in which what is no number is null."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan), nan_to_null=True)
