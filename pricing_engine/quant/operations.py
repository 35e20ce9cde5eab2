"""How each item is computed: a table and arguments in, columns out. Formulas stand in the vocabulary."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from market.intervals import Interval
from pricing_engine.quant.drawdowns import drawdown, max_drawdown
from pricing_engine.quant.items import Arguments
from pricing_engine.quant.moments import Float64s, Int64s, Moments, rolling_moments
from pricing_engine.quant.pairs import Measure, rolling_pairs, whole_pairs
from pricing_engine.quant.ranks import ranks_across
from pricing_engine.quant.smoothing import atr, ewma, rsi
from pricing_engine.quant.table import SYMBOL, Table, column

Columns = Sequence[pl.Series]


def simple_return(table: Table, arguments: Arguments) -> Columns:
    values = pl.col(arguments["of"])
    before = values.shift(arguments["periods"]).over(SYMBOL)
    return [_finite(table, values / before - 1)]


def log_return(table: Table, arguments: Arguments) -> Columns:
    values = pl.col(arguments["of"])
    before = values.shift(arguments["periods"]).over(SYMBOL)
    return [_finite(table, (values / before).log())]


def spread(table: Table, arguments: Arguments) -> Columns:
    bid, ask = pl.col("bid"), pl.col("ask")
    if arguments["unit"] == "price":
        return [_finite(table, ask - bid)]
    return [_finite(table, (ask - bid) / ((ask + bid) / 2) * 10_000)]


def rolling_mean(table: Table, arguments: Arguments) -> Columns:
    return [column("", _moments(table, arguments, 0).mean)]


def rolling_std(table: Table, arguments: Arguments) -> Columns:
    return [column("", _moments(table, arguments, arguments["ddof"]).deviation)]


def zscore(table: Table, arguments: Arguments) -> Columns:
    moments = _moments(table, arguments, arguments["ddof"])
    with np.errstate(invalid="ignore", divide="ignore"):
        return [
            column("", (table.values(arguments["of"]) - moments.mean) / _moving(moments.deviation))
        ]


def volatility(table: Table, arguments: Arguments) -> Columns:
    deviation = _moments(table, arguments, 1).deviation
    given = arguments["periods_per_year"]
    periods = np.array([given or each for each in table.periods])
    return [column("", deviation * np.sqrt(np.repeat(periods, np.diff(table.bounds))))]


def bollinger(table: Table, arguments: Arguments) -> Columns:
    moments = _moments(table, arguments, 0)
    width = arguments["k"] * moments.deviation
    return [
        column("", moments.mean - width),
        column("", moments.mean),
        column("", moments.mean + width),
    ]


def exponential_mean(table: Table, arguments: Arguments) -> Columns:
    alpha = 2 / (arguments["span"] + 1)
    return [column("", ewma(table.values(arguments["of"]), table.bounds, alpha))]


def relative_strength(table: Table, arguments: Arguments) -> Columns:
    return [column("", rsi(table.values(arguments["of"]), table.bounds, arguments["window"]))]


def average_true_range(table: Table, arguments: Arguments) -> Columns:
    high, low, close = (table.values(name) for name in ("high", "low", "close"))
    return [column("", atr(high, low, close, table.bounds, arguments["window"]))]


def vwap(table: Table, arguments: Arguments) -> Columns:
    typical = (table.values("high") + table.values("low") + table.values("close")) / 3
    return [column("", _weighted(table, arguments, typical, table.values(arguments["weight"])))]


def twap(table: Table, arguments: Arguments) -> Columns:
    price = sum(table.values(name) for name in ("open", "high", "low", "close")) / 4
    times = table.times_us
    length = (table.interval.ends_of(times, table.zone) - times) / 1e6
    return [column("", _weighted(table, arguments, np.asarray(price), length))]


def drawdowns(table: Table, arguments: Arguments) -> Columns:
    return [column("", drawdown(*_falling(table, arguments)))]


def deepest_drawdowns(table: Table, arguments: Arguments) -> Columns:
    return [column("", max_drawdown(*_falling(table, arguments)))]


def beta(table: Table, arguments: Arguments) -> Columns:
    return _beside(table, arguments, Measure.BETA)


def correlation(table: Table, arguments: Arguments) -> Columns:
    return _beside(table, arguments, Measure.CORRELATION)


def covariance(table: Table, arguments: Arguments) -> Columns:
    return _beside(table, arguments, Measure.COVARIANCE)


def rank(table: Table, arguments: Arguments) -> Columns:
    times, matrix = table.matrix(arguments["of"])
    asked = matrix[: table.universe]
    descending = arguments["order"] == "descending"
    ranks = ranks_across(-asked if descending else asked)
    if arguments["scale"] == "percent":
        ranks = ranks / np.maximum(1, np.sum(~np.isnan(asked), axis=0))
    nobody = np.full((len(table.symbols) - table.universe, len(times)), np.nan)
    return [column("", table.rows(times, np.concatenate([ranks, nobody])))]


def resample(table: Table, arguments: Arguments) -> Columns:
    wide = Interval.parse(arguments["to"]).starts_of(table.times_us, table.zone)
    frame = table.frame.select(SYMBOL, pl.Series("wide", wide), value=arguments["of"])
    value = pl.col("value")
    running = {
        "last": value.forward_fill(),
        "first": _first_known(value),
        "max": value.cum_max().forward_fill(),
        "min": value.cum_min().forward_fill(),
        "sum": _running_sum(value),
        "mean": _running_sum(value) / value.cum_count(),
    }[arguments["how"]]
    return [frame.select(running.over(SYMBOL, "wide")).to_series().alias("").cast(pl.Float64)]


def _first_known(value: pl.Expr) -> pl.Expr:
    """The first value of a group, from the row that has it on."""
    return pl.when(value.cum_count() == 1).then(value).forward_fill()


def _running_sum(value: pl.Expr) -> pl.Expr:
    """The sum of the values so far; null as long as there is none."""
    return pl.when(value.cum_count() > 0).then(value.fill_null(0.0).cum_sum())


def _finite(table: Table, values: pl.Expr) -> pl.Series:
    """An expression's column, null where it is no number."""
    kept = pl.when(values.is_finite()).then(values)
    return table.frame.select(kept.cast(pl.Float64).alias("")).to_series()


def _minimum(arguments: Arguments) -> int:
    return int(arguments["min_periods"] or arguments["window"])


def _moments(table: Table, arguments: Arguments, ddof: int) -> Moments:
    values = table.values(arguments["of"])
    return rolling_moments(values, table.bounds, arguments["window"], _minimum(arguments), ddof)


def _moving(deviation: Float64s) -> Float64s:
    """A deviation that may be divided by: NaN where it is 0."""
    return np.where(deviation > 0, deviation, np.nan)


def _weighted(table: Table, arguments: Arguments, values: Float64s, weights: Float64s) -> Float64s:
    """The mean of the window's values, each counting by its weight; NaN where they weigh nothing."""
    known = np.where(np.isnan(values), np.nan, weights)
    size = (table.bounds, arguments["window"], _minimum(arguments), 0)
    weighed, weight = rolling_moments(values * known, *size), rolling_moments(known, *size)
    return weighed.mean / np.where(weight.mean > 0, weight.mean, np.nan)


def _falling(table: Table, arguments: Arguments) -> tuple[Float64s, Int64s, Int64s, int, int]:
    window = arguments["window"] or 0
    minimum = int(arguments["min_periods"] or window or 1)
    return table.values(arguments["of"]), table.bounds, table.begins, window, minimum


def _beside(table: Table, arguments: Arguments, measure: Measure) -> Columns:
    """The measure of each symbol with the benchmark, in the rows of the symbol."""
    of, window, ddof = arguments["of"], arguments["window"], arguments.get("ddof", 1)
    values, other = table.values(of), table.beside(of, arguments["benchmark"])
    result = np.full(len(values), np.nan)
    pair = np.array([0]), np.array([1])
    firsts = table.bounds[:-1] if window else table.begins
    for first, last in zip(firsts, table.bounds[1:], strict=True):
        both = np.stack([values[first:last], other[first:last]])
        if window:
            minimum = _minimum(arguments)
            result[first:last] = rolling_pairs(both, *pair, window, minimum, ddof, measure)[0]
        else:
            minimum = arguments["min_periods"] or 2
            result[first:last] = whole_pairs(both, *pair, minimum, ddof, measure)[0]
    return [column("", result)]
