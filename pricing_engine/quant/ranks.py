"""Ranks of several series among each other, time by time."""

import numpy as np
from numba import njit

from pricing_engine.quant.moments import Float64s


def ranks_across(values: Float64s) -> Float64s:
    """1 + how many are lower at the same time, ties sharing the mean of their ranks; (series, times).

    NaN has no rank and counts for nobody. Costs O(series^2 x times): series are at most hundreds, and
    a sort of so few is no faster.
    """
    ranks = np.full(values.shape, np.nan)
    by_time = np.ascontiguousarray(values.T)
    _ranks(by_time, ranks)
    return ranks


@njit(cache=True, nogil=True)
def _ranks(values: Float64s, ranks: Float64s) -> None:
    for time in range(values.shape[0]):
        row = values[time]
        for series in range(len(row)):
            if np.isnan(row[series]):
                continue
            lower, equal = 0, 0
            for other in range(len(row)):
                lower += row[other] < row[series]
                equal += row[other] == row[series]
            ranks[series, time] = lower + 0.5 * (equal + 1)
