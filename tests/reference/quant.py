"""The vocabulary of quant queries written from its formulas, with `math` and `statistics` alone.

A series is a list of floats in which None is a hole; every function gives one value a row.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

Value = float | None
Values = Sequence[Value]


def known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def simple_return(values: Values, periods: int = 1) -> list[Value]:
    return _changes(values, periods, lambda now, before: None if before == 0 else now / before - 1)


def log_return(values: Values, periods: int = 1) -> list[Value]:
    return _changes(
        values,
        periods,
        lambda now, before: math.log(now / before) if before != 0 and now / before > 0 else None,
    )


def _changes(values: Values, periods: int, change: Callable[[float, float], Value]) -> list[Value]:
    result: list[Value] = []
    for row, now in enumerate(values):
        before = values[row - periods] if row >= periods else None
        result.append(None if now is None or before is None else change(now, before))
    return result


def spread(bid: Values, ask: Values, unit: str = "price") -> list[Value]:
    result: list[Value] = []
    for b, a in zip(bid, ask, strict=True):
        if b is None or a is None:
            result.append(None)
        else:
            result.append(a - b if unit == "price" else (a - b) / ((a + b) / 2) * 10_000)
    return result


def windows(values: Values, window: int, minimum: int | None) -> list[list[float] | None]:
    """The known values of every row's window; None where they are too few."""
    least = minimum or window
    found = (known(values[max(0, row - window + 1) : row + 1]) for row in range(len(values)))
    return [each if len(each) >= least else None for each in found]


def rolling_mean(values: Values, window: int, minimum: int | None = None) -> list[Value]:
    found = windows(values, window, minimum)
    return [None if each is None else math.fsum(each) / len(each) for each in found]


def deviation(values: Sequence[float], ddof: int) -> Value:
    if len(values) <= ddof:
        return None
    return statistics.stdev(values) if ddof else statistics.pstdev(values)


def rolling_std(
    values: Values, window: int, minimum: int | None = None, ddof: int = 1
) -> list[Value]:
    found = windows(values, window, minimum)
    return [None if each is None else deviation(each, ddof) for each in found]


def zscore(values: Values, window: int, minimum: int | None = None, ddof: int = 1) -> list[Value]:
    means, deviations = (
        rolling_mean(values, window, minimum),
        rolling_std(values, window, minimum, ddof),
    )
    return [
        None if value is None or mean is None or not spread_ else (value - mean) / spread_
        for value, mean, spread_ in zip(values, means, deviations, strict=True)
    ]


def volatility(returns: Values, window: int, periods: float) -> list[Value]:
    found = rolling_std(returns, window)
    return [None if each is None else each * math.sqrt(periods) for each in found]


def ewma(values: Values, span: float) -> list[Value]:
    alpha, state = 2 / (span + 1), None
    result: list[Value] = []
    for value in values:
        if value is not None:
            state = value if state is None else alpha * value + (1 - alpha) * state
        result.append(None if value is None else state)
    return result


def _wilder(values: Sequence[float], window: int) -> list[Value]:
    """Wilder's average of values without holes: the mean of the first ones, then recursive."""
    result: list[Value] = [None] * min(window - 1, len(values))
    if len(values) < window:
        return result
    state = math.fsum(values[:window]) / window
    result.append(state)
    for value in values[window:]:
        state = (state * (window - 1) + value) / window
        result.append(state)
    return result


def rsi(values: Values, window: int = 14) -> list[Value]:
    there = known(values)
    changes = [now - before for before, now in pairwise(there)]
    gains = _wilder([max(change, 0.0) for change in changes], window)
    losses = _wilder([max(-change, 0.0) for change in changes], window)
    found: list[Value] = [None] * min(1, len(there))
    for gain, loss in zip(gains, losses, strict=True):
        if gain is None or loss is None or gain == loss == 0:
            found.append(None)
        else:
            found.append(100.0 if loss == 0 else 100 - 100 / (1 + gain / loss))
    return _at_known(values, found)


def atr(high: Values, low: Values, close: Values, window: int = 14) -> list[Value]:
    bars = list(zip(high, low, close, strict=True))
    ranges: list[float] = []
    before: float | None = None
    for h, lo, c in bars:
        if h is None or lo is None or c is None:
            continue
        spans = [h - lo] if before is None else [h - lo, abs(h - before), abs(lo - before)]
        ranges.append(max(spans))
        before = c
    whole: list[Value] = [None if None in bar else 1.0 for bar in bars]
    return _at_known(whole, _wilder(ranges, window))


def _at_known(values: Values, found: Sequence[Value]) -> list[Value]:
    """Results of the known values, back in the rows that these stand in."""
    results = iter(found)
    return [None if value is None else next(results) for value in values]


def bollinger(
    values: Values, window: int, k: float
) -> tuple[list[Value], list[Value], list[Value]]:
    means, deviations = rolling_mean(values, window), rolling_std(values, window, None, 0)
    lower: list[Value] = []
    upper: list[Value] = []
    for mean, width in zip(means, deviations, strict=True):
        lower.append(None if mean is None or width is None else mean - k * width)
        upper.append(None if mean is None or width is None else mean + k * width)
    return lower, means, upper


def weighted(prices: Values, weights: Values, window: int) -> list[Value]:
    """VWAP by volumes, TWAP by lengths: only rows with both count, and all of the window must."""
    result: list[Value] = []
    for row in range(len(prices)):
        rows = range(max(0, row - window + 1), row + 1)
        both = [
            (price, weight)
            for price, weight in ((prices[each], weights[each]) for each in rows)
            if price is not None and weight is not None
        ]
        total = math.fsum(weight for _, weight in both)
        enough = len(both) >= window and total > 0
        result.append(math.fsum(p * w for p, w in both) / total if enough else None)
    return result


def drawdown(values: Values, window: int | None = None) -> list[Value]:
    result: list[Value] = []
    for row, value in enumerate(values):
        there = known(values[0 if window is None else max(0, row - window + 1) : row + 1])
        short = window is not None and len(there) < window
        result.append(None if value is None or short else value / max(there) - 1)
    return result


def max_drawdown(values: Values, window: int | None = None) -> list[Value]:
    result: list[Value] = []
    for row, value in enumerate(values):
        there = known(values[0 if window is None else max(0, row - window + 1) : row + 1])
        short = window is not None and len(there) < window
        falls = [there[b] / there[a] - 1 for a in range(len(there)) for b in range(a, len(there))]
        result.append(None if value is None or short else min(falls))
    return result


def covariance(left: Sequence[float], right: Sequence[float], ddof: int = 1) -> float:
    mean_x, mean_y = statistics.fmean(left), statistics.fmean(right)
    products = ((x - mean_x) * (y - mean_y) for x, y in zip(left, right, strict=True))
    return math.fsum(products) / (len(left) - ddof)


def correlation(left: Sequence[float], right: Sequence[float]) -> Value:
    if len(set(left)) == 1 or len(set(right)) == 1:
        return None
    return statistics.correlation(left, right)


def beta(left: Sequence[float], right: Sequence[float]) -> Value:
    return None if len(set(right)) == 1 else statistics.linear_regression(right, left).slope


def rolling_pair(
    left: Values,
    right: Values,
    window: int,
    minimum: int | None,
    measure: Callable[[Sequence[float], Sequence[float]], Value],
) -> list[Value]:
    """A measure of the rows of each window in which both have a value."""
    result: list[Value] = []
    for row in range(len(left)):
        rows = range(max(0, row - window + 1), row + 1)
        x, y = both(*zip(*((left[each], right[each]) for each in rows), strict=True))
        result.append(measure(x, y) if len(x) >= max(2, minimum or window) else None)
    return result


def both(left: Values, right: Values) -> tuple[list[float], list[float]]:
    rows = [(x, y) for x, y in zip(left, right, strict=True) if x is not None and y is not None]
    return [x for x, _ in rows], [y for _, y in rows]


def rank(values: Values, descending: bool = False) -> list[Value]:
    """Of the values of one time: 1 + those before, and ties share the mean of their ranks."""
    there = known(values)
    result: list[Value] = []
    for value in values:
        if value is None:
            result.append(None)
            continue
        before = sum(other > value if descending else other < value for other in there)
        result.append(before + (there.count(value) + 1) / 2)
    return result


_HOW: dict[str, Callable[[Sequence[float]], float]] = {
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "mean": statistics.fmean,
    "max": max,
    "min": min,
    "sum": math.fsum,
}


def resample(values: Values, buckets: Sequence[object], how: str) -> list[Value]:
    """Each row: what is known of its wider bucket so far. `buckets` says which one each row is in."""
    result: list[Value] = []
    for row, bucket in enumerate(buckets):
        there = known([values[each] for each in range(row + 1) if buckets[each] == bucket])
        result.append(_HOW[how](there) if there else None)
    return result
