"""Recursive averages: exponential, and Wilder's with what is made of it, RSI and ATR.

A row without a value gives none and leaves the state as it was: the next value follows the last one known.
"""

import numpy as np
from numba import njit

from pricing_engine.quant.moments import Float64s, Int64s


def ewma(values: Float64s, bounds: Int64s, alpha: float) -> Float64s:
    """y = alpha x + (1 - alpha) y_before, of each series anew; the first value is its own average.

    `values` and the result (rows,), NaN where there is no value; series s is rows `bounds[s]` to
    `bounds[s + 1]`.
    """
    result = np.full(len(values), np.nan)
    _ewma(values, bounds, alpha, result)
    return result


def rsi(values: Float64s, bounds: Int64s, window: int) -> Float64s:
    """Wilder's relative strength index, 100 - 100 / (1 + gain / loss), in 0 to 100; shapes as `ewma`.

    Gain and loss are Wilder averages of rises and falls from the last known value: the mean of the first
    `window` changes, then (before * (window - 1) + new) / window. A fall of 0 gives 100; where nothing
    has moved at all there is no index (NaN). Source: J. W. Wilder, New Concepts in Technical Trading
    Systems (1978), section VI.
    """
    result = np.full(len(values), np.nan)
    _rsi(values, bounds, window, result)
    return result


def atr(high: Float64s, low: Float64s, close: Float64s, bounds: Int64s, window: int) -> Float64s:
    """Wilder's average true range, in units of the price; shapes as `ewma`.

    The true range is the largest of high - low, |high - close before| and |low - close before|; of the
    first row high - low alone. Averaged as in `rsi`, from the first `window` ranges. Source: as `rsi`,
    section III.
    """
    result = np.full(len(close), np.nan)
    _atr(high, low, close, bounds, window, result)
    return result


@njit(cache=True, nogil=True)
def _ewma(values: Float64s, bounds: Int64s, alpha: float, result: Float64s) -> None:
    for series in range(len(bounds) - 1):
        state = np.nan
        for row in range(bounds[series], bounds[series + 1]):
            if np.isnan(values[row]):
                continue
            state = values[row] if np.isnan(state) else state + alpha * (values[row] - state)
            result[row] = state


@njit(cache=True, nogil=True)
def _wilder(state: float, new: float, seen: int, window: int) -> float:
    """The average after one more; `seen` counts it. Until a window is seen, the sum of it so far."""
    if seen < window:
        return state + new
    if seen == window:
        return (state + new) / window
    return (state * (window - 1) + new) / window


@njit(cache=True, nogil=True)
def _rsi(values: Float64s, bounds: Int64s, window: int, result: Float64s) -> None:
    for series in range(len(bounds) - 1):
        before, seen, gain, loss = np.nan, 0, 0.0, 0.0
        for row in range(bounds[series], bounds[series + 1]):
            value = values[row]
            if np.isnan(value):
                continue
            if not np.isnan(before):
                seen += 1
                gain = _wilder(gain, max(0.0, value - before), seen, window)
                loss = _wilder(loss, max(0.0, before - value), seen, window)
                if seen >= window and gain + loss > 0.0:
                    result[row] = 100.0 * gain / (gain + loss)
            before = value


@njit(cache=True, nogil=True)
def _atr(
    high: Float64s, low: Float64s, close: Float64s, bounds: Int64s, window: int, result: Float64s
) -> None:
    for series in range(len(bounds) - 1):
        before, seen, average = np.nan, 0, 0.0
        for row in range(bounds[series], bounds[series + 1]):
            if np.isnan(high[row]) or np.isnan(low[row]) or np.isnan(close[row]):
                continue
            true_range = high[row] - low[row]
            if not np.isnan(before):
                true_range = max(true_range, abs(high[row] - before), abs(low[row] - before))
            seen += 1
            average = _wilder(average, true_range, seen, window)
            if seen >= window:
                result[row] = average
            before = close[row]
