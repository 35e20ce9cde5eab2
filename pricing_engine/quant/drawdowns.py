"""Drawdowns: how far below its highest a series stands, and how far it ever fell."""

import numpy as np
from numba import njit

from pricing_engine.quant.moments import Float64s, Int64s


def drawdown(
    values: Float64s, bounds: Int64s, begins: Int64s, window: int, minimum: int
) -> Float64s:
    """x / highest - 1, at most 0, the highest being of the window that ends with the row.

    `values` and the result (rows,), NaN where there is none; series s is rows `bounds[s]` to
    `bounds[s + 1]`. A `window` of 0 reaches back to row `begins[s]`, before which there is no result.
    A window needs `minimum` values, and a highest above 0. Costs O(rows x window).
    """
    result = np.full(len(values), np.nan)
    _drawdown(values, bounds, begins, (window, minimum), False, result)
    return result


def max_drawdown(
    values: Float64s, bounds: Int64s, begins: Int64s, window: int, minimum: int
) -> Float64s:
    """The lowest x / (highest before or at x) - 1 with both in the window; else as `drawdown`."""
    result = np.full(len(values), np.nan)
    _drawdown(values, bounds, begins, (window, minimum), True, result)
    return result


@njit(cache=True, nogil=True)
def _drawdown(
    values: Float64s,
    bounds: Int64s,
    begins: Int64s,
    size: tuple[int, int],
    deepest: bool,
    result: Float64s,
) -> None:
    window, minimum = size
    for series in range(len(bounds) - 1):
        begin = bounds[series] if window else begins[series]
        highest, lowest, count = -np.inf, 0.0, 0
        for row in range(begin, bounds[series + 1]):
            if window:
                highest, lowest, count = -np.inf, 0.0, 0
            for other in range(max(begin, row - window + 1) if window else row, row + 1):
                if not np.isnan(values[other]):
                    count += 1
                    highest = max(highest, values[other])
                    if highest > 0.0:
                        lowest = min(lowest, values[other] / highest - 1.0)
            if np.isnan(values[row]) or highest <= 0.0 or count < minimum:
                continue
            result[row] = lowest if deepest else values[row] / highest - 1.0
