"""Covariance, correlation and beta of pairs of series: rolling, or over a whole range.

A row counts where both series have a value (pairwise complete). Sums are kept as in `moments`: shifted,
made anew every window and after a collapse, exact for series that do not move.
"""

from enum import IntEnum

import numpy as np
from numba import njit

from pricing_engine.quant.moments import COLLAPSE, Float64s, Int64s


class Measure(IntEnum):
    """What is measured of a pair (x, y)."""

    COVARIANCE = 0
    """sum (x - mean x)(y - mean y) / (count - ddof)."""
    CORRELATION = 1
    """Covariance / (deviation x * deviation y), in -1 to 1."""
    BETA = 2
    """Covariance / variance of y."""


def rolling_pairs(
    series: Float64s,
    left: Int64s,
    right: Int64s,
    window: int,
    minimum: int,
    ddof: int,
    measure: Measure,
) -> Float64s:
    """The measure of each pair over the last `window` rows, this row included; (pairs, rows).

    `series` (series, rows), NaN where there is no value; pair p is x = `series[left[p]]`, y =
    `series[right[p]]`. NaN where fewer than `minimum` (at least `ddof` + 1) rows of the window have both,
    and of correlation and beta where a series that is divided by does not move. Costs O(pairs x rows).
    """
    result = np.empty((len(left), series.shape[1]))
    size = (window, max(minimum, ddof + 1), ddof)
    _rolling(np.ascontiguousarray(series), left, right, size, int(measure), result)
    return result


def whole_pairs(
    series: Float64s,
    left: Int64s,
    right: Int64s,
    minimum: int,
    ddof: int,
    measure: Measure,
) -> Float64s:
    """The measure of each pair over all rows, in two passes; (pairs,). Else as `rolling_pairs`."""
    result = np.empty(len(left))
    size = (max(minimum, ddof + 1), ddof)
    _whole(np.ascontiguousarray(series), left, right, size, int(measure), result)
    return result


@njit(cache=True, nogil=True)
def _measured(
    sums: tuple[float, float, float], rows: int, ddof: int, still: tuple[bool, bool], measure: int
) -> float:
    """The measure from central sums xx, yy, xy."""
    xx, yy, xy = sums
    if still[0] or still[1]:
        xy = 0.0
    if measure == 0:
        return xy / (rows - ddof)
    if measure == 2:
        return np.nan if still[1] or yy <= 0.0 else xy / yy
    if still[0] or still[1] or xx <= 0.0 or yy <= 0.0:
        return np.nan
    correlation: float = xy / (np.sqrt(xx) * np.sqrt(yy))
    return min(1.0, max(-1.0, correlation))


@njit(cache=True, nogil=True)
def _anew(x: Float64s, y: Float64s, first: int, last: int) -> tuple[int, float, float, Float64s]:
    """Rows with both, the two shifts (means), and the five sums x, y, xx, yy, xy about them."""
    rows, shift_x, shift_y = 0, 0.0, 0.0
    for row in range(first, last):
        if not (np.isnan(x[row]) or np.isnan(y[row])):
            rows += 1
            shift_x += x[row]
            shift_y += y[row]
    if rows:
        shift_x, shift_y = shift_x / rows, shift_y / rows
    sums = np.zeros(5)
    for row in range(first, last):
        if not (np.isnan(x[row]) or np.isnan(y[row])):
            a, b = x[row] - shift_x, y[row] - shift_y
            sums[0] += a
            sums[1] += b
            sums[2] += a * a
            sums[3] += b * b
            sums[4] += a * b
    return rows, shift_x, shift_y, sums


@njit(cache=True, nogil=True)
def _pair(
    x: Float64s,
    y: Float64s,
    size: tuple[int, int, int],
    measure: int,
    result: Float64s,
) -> None:
    window, minimum, ddof = size
    rows, shift_x, shift_y = 0, 0.0, 0.0
    sx, sy, sxx, syy, sxy, high_x, high_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    run_x, run_y, last_x, last_y = 0, 0, np.nan, np.nan
    for row in range(len(x)):
        gone = row - window
        if not (np.isnan(x[row]) or np.isnan(y[row])):
            run_x = run_x + 1 if x[row] == last_x else 1
            run_y = run_y + 1 if y[row] == last_y else 1
            last_x, last_y = x[row], y[row]
            a, b = last_x - shift_x, last_y - shift_y
            rows += 1
            sx, sy, sxx, syy, sxy = sx + a, sy + b, sxx + a * a, syy + b * b, sxy + a * b
        if gone >= 0 and not (np.isnan(x[gone]) or np.isnan(y[gone])):
            a, b = x[gone] - shift_x, y[gone] - shift_y
            rows -= 1
            sx, sy, sxx, syy, sxy = sx - a, sy - b, sxx - a * a, syy - b * b, sxy - a * b
        high_x, high_y = max(high_x, sxx), max(high_y, syy)
        there = max(rows, 1)
        xx, yy = sxx - sx * sx / there, syy - sy * sy / there
        if row % window == 0 or xx < COLLAPSE * high_x or yy < COLLAPSE * high_y:
            rows, shift_x, shift_y, sums = _anew(x, y, max(0, gone + 1), row + 1)
            sx, sy, sxx, syy, sxy = sums[0], sums[1], sums[2], sums[3], sums[4]
            high_x, high_y = sxx, syy
            xx, yy = sxx - sx * sx / max(rows, 1), syy - sy * sy / max(rows, 1)
        if rows < minimum:
            result[row] = np.nan
            continue
        central = (xx, yy, sxy - sx * sy / rows)
        result[row] = _measured(central, rows, ddof, (run_x >= rows, run_y >= rows), measure)


@njit(cache=True, nogil=True)
def _rolling(
    series: Float64s,
    left: Int64s,
    right: Int64s,
    size: tuple[int, int, int],
    measure: int,
    result: Float64s,
) -> None:
    for pair in range(len(left)):
        _pair(series[left[pair]], series[right[pair]], size, measure, result[pair])


@njit(cache=True, nogil=True)
def _still(x: Float64s, y: Float64s) -> tuple[bool, bool]:
    """Whether x and y each have one value alone, of the rows with both."""
    first, still_x, still_y = -1, True, True
    for row in range(len(x)):
        if np.isnan(x[row]) or np.isnan(y[row]):
            continue
        if first < 0:
            first = row
        still_x = still_x and x[row] == x[first]
        still_y = still_y and y[row] == y[first]
    return still_x, still_y


@njit(cache=True, nogil=True)
def _whole(
    series: Float64s,
    left: Int64s,
    right: Int64s,
    size: tuple[int, int],
    measure: int,
    result: Float64s,
) -> None:
    for pair in range(len(left)):
        x, y = series[left[pair]], series[right[pair]]
        rows, _, _, sums = _anew(x, y, 0, len(x))
        if rows < size[0]:
            result[pair] = np.nan
            continue
        result[pair] = _measured((sums[2], sums[3], sums[4]), rows, size[1], _still(x, y), measure)
