"""Rolling mean and standard deviation of many series at once, in one pass and without drift.

Sums are of differences from a shift that lies among the values. They are made anew every window of rows,
and whenever the spread has shrunk so far that what is left of the old sums would be their rounding. A
window of equal values has exactly their mean and a deviation of exactly 0, which running sums alone
would miss by a rounding that a z-score turns into nonsense.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

COLLAPSE = 1e-4
"""Sums are made anew when the central sum of squares is below this part of the highest since."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Of each row's window: mean and standard deviation, both (rows,), NaN where not defined."""

    mean: Float64s
    deviation: Float64s


def rolling_moments(
    values: Float64s, bounds: Int64s, window: int, minimum: int, ddof: int
) -> Moments:
    """Mean and deviation of the last `window` rows of the same series, this row included.

    `values` (rows,), NaN where there is none; series s is rows `bounds[s]` to `bounds[s + 1]`. A row has
    a mean where at least `minimum` values of its window are there, and a deviation where these are more
    than `ddof`: sqrt(sum (x - mean)^2 / (count - ddof)). Costs O(rows).
    """
    mean, deviation = np.empty(len(values)), np.empty(len(values))
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        _series(values[first:last], window, minimum, ddof, mean[first:last], deviation[first:last])
    return Moments(mean, deviation)


@njit(cache=True, nogil=True)
def _anew(values: Float64s, first: int, last: int) -> tuple[int, float, float, float]:
    """Count, shift (the mean), sum and sum of squares of differences from it, of rows [first, last)."""
    count, total = 0, 0.0
    for row in range(first, last):
        if not np.isnan(values[row]):
            count += 1
            total += values[row]
    shift = total / count if count else 0.0
    total, squares = 0.0, 0.0
    for row in range(first, last):
        if not np.isnan(values[row]):
            total += values[row] - shift
            squares += (values[row] - shift) ** 2
    return count, shift, total, squares


@njit(cache=True, nogil=True)
def _series(
    values: Float64s, window: int, minimum: int, ddof: int, mean: Float64s, deviation: Float64s
) -> None:
    count, shift, total, squares, highest = 0, 0.0, 0.0, 0.0, 0.0
    equal, before = 0, np.nan
    for row in range(len(values)):
        value, gone = values[row], row - window
        if not np.isnan(value):
            equal = equal + 1 if value == before else 1
            before = value
            count += 1
            total += value - shift
            squares += (value - shift) ** 2
        if gone >= 0 and not np.isnan(values[gone]):
            count -= 1
            total -= values[gone] - shift
            squares -= (values[gone] - shift) ** 2
        highest = max(highest, squares)
        central = squares - total * total / max(count, 1)
        if row % window == 0 or central < COLLAPSE * highest:
            count, shift, total, squares = _anew(values, max(0, gone + 1), row + 1)
            highest, central = squares, squares - total * total / max(count, 1)
        mean[row] = deviation[row] = np.nan
        if count == 0 or count < minimum:
            continue
        constant = equal >= count
        mean[row] = before if constant else shift + total / count
        if count > ddof:
            rest = 0.0 if constant else max(0.0, central)
            deviation[row] = np.sqrt(rest / (count - ddof))
