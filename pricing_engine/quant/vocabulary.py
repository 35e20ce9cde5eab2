"""The vocabulary of quant queries: one table, of which checks, errors and documents are made."""

import math
from collections.abc import Callable

from pricing_engine.quant import operations
from pricing_engine.quant.items import MAX_WINDOW, Arguments, Field, Item, Kind, Parameter

SETTLED_WINDOWS = 20
"""Windows after which a recursive average has forgotten where it began, but for e^-20 = 2e-9 of it."""

_DECIMALS = "price"
_FIELDS = (
    Field("open", "first price of the bucket", _DECIMALS),
    Field("high", "highest price of the bucket", _DECIMALS),
    Field("low", "lowest price of the bucket", _DECIMALS),
    Field("close", "last price of the bucket", _DECIMALS),
    Field(
        "volume", "what was traded in the bucket; null where no source says", "units of the base"
    ),
    Field("ticks", "ticks that the candle was made of; 0: a provider's own bar", "count"),
    Field("bid", "last bid of the bucket", _DECIMALS, "bid"),
    Field("ask", "last ask of the bucket", _DECIMALS, "ask"),
    Field("mid", "last mid of the bucket", _DECIMALS, "mid"),
    Field("age_s", "how long before this bucket the one opened whose prices are held", "seconds"),
)
FIELDS = {each.name: each for each in _FIELDS}
"""Price fields by name."""

_WILDER = "J. W. Wilder, New Concepts in Technical Trading Systems (1978)"
_NONE = "null where a value that it needs is null, or where it is not a finite number"
_WINDOWED = (
    "a window is rows, null rows too; null where fewer than min_periods of them have a value"
)


def _of(default: str = "close") -> Parameter:
    return Parameter("of", Kind.COLUMN, "what it is computed of", default)


def _window(
    default: int | None, low: int = 2, meaning: str = "rows, this one included"
) -> Parameter:
    return Parameter("window", Kind.INTEGER, meaning, default, low, MAX_WINDOW)


_FALL_WINDOW = Parameter(
    "window", Kind.INTEGER, "rows, this one included; null: since `start`", None, 2, 1_000
)


_MINIMUM = Parameter(
    "min_periods",
    Kind.INTEGER,
    "values that a window needs; null: as many as it has rows",
    None,
    1,
    MAX_WINDOW,
)
_DDOF = Parameter("ddof", Kind.INTEGER, "1: of a sample; 0: of a population", 1, 0, 1)
_PERIODS = Parameter("periods", Kind.INTEGER, "rows back", 1, 1, MAX_WINDOW)
_ANNUAL = Parameter(
    "periods_per_year",
    Kind.NUMBER,
    "null: by interval and asset class (days: stocks 252, FX 260, crypto 365); 312 for days of FX ticks",
    None,
    1,
    32_000_000,
)
_WHOLE = "rows, this one included; null: all rows of the range, the same value on each"
_BENCHMARK = Parameter("benchmark", Kind.SYMBOL, "the other symbol", required=True)
_PARTNER = Parameter(
    "benchmark",
    Kind.SYMBOL,
    'the other symbol; null: every pair of the symbols, in the layouts "pairs" and "matrix"',
)


def _before(arguments: Arguments, _rows: Callable[[str], int]) -> int:
    return int(arguments["window"] or 1) - 1


def _wilder(arguments: Arguments, _rows: Callable[[str], int]) -> int:
    return (SETTLED_WINDOWS + 1) * int(arguments["window"])


def _ewma(arguments: Arguments, _rows: Callable[[str], int]) -> int:
    return math.ceil(SETTLED_WINDOWS * (float(arguments["span"]) + 1) / 2)


_ITEMS = (
    Item(
        "simple_return",
        "change against an earlier row",
        "x[t] / x[t - periods] - 1",
        _NONE,
        "ratio (0.01 is 1 %)",
        "definition",
        operations.simple_return,
        (_of(), _PERIODS),
        lookback=lambda arguments, _rows: int(arguments["periods"]),
    ),
    Item(
        "log_return",
        "logarithm of the change against an earlier row",
        "ln(x[t] / x[t - periods])",
        _NONE,
        "ratio",
        "definition",
        operations.log_return,
        (_of(), _PERIODS),
        lookback=lambda arguments, _rows: int(arguments["periods"]),
    ),
    Item(
        "spread",
        "between the last ask and the last bid",
        "price: ask - bid; bps: (ask - bid) / ((ask + bid) / 2) * 10,000",
        _NONE,
        "price, or basis points of the mid",
        "definition",
        operations.spread,
        (
            Parameter(
                "unit", Kind.CHOICE, "what it is measured in", "price", choices=("price", "bps")
            ),
        ),
        needs=("bid", "ask"),
    ),
    Item(
        "rolling_mean",
        "mean of the last rows",
        "sum(x) / count(x) over the window",
        _WINDOWED,
        "as `of`",
        "definition",
        operations.rolling_mean,
        (_of(), _window(20, 1), _MINIMUM),
        lookback=_before,
    ),
    Item(
        "rolling_std",
        "standard deviation of the last rows",
        "sqrt(sum((x - mean)^2) / (count - ddof)) over the window",
        _WINDOWED + "; exactly 0 where all values are equal",
        "as `of`",
        "definition",
        operations.rolling_std,
        (_of(), _window(20), _MINIMUM, _DDOF),
        lookback=_before,
    ),
    Item(
        "ewma",
        "exponentially weighted mean",
        "y[t] = a x[t] + (1 - a) y[t - 1], a = 2 / (span + 1); y = x at the first value. Of a decay of "
        "l (RiskMetrics 0.94): span = (1 + l) / (1 - l)",
        "a null row is null and passed over",
        "as `of`",
        "J.P. Morgan/Reuters, RiskMetrics Technical Document (1996)",
        operations.exponential_mean,
        (_of(), Parameter("span", Kind.NUMBER, "rows, a = 2 / (span + 1)", 20, 1, MAX_WINDOW)),
        lookback=_ewma,
    ),
    Item(
        "zscore",
        "how many deviations from the window's mean",
        "(x - mean) / std over the window, which holds x",
        _WINDOWED + "; null where all values are equal",
        "deviations",
        "definition",
        operations.zscore,
        (_of(), _window(20), _MINIMUM, _DDOF),
        lookback=_before,
    ),
    Item(
        "volatility",
        "annualised deviation of returns",
        "std(x, ddof 1) over the window * sqrt(periods_per_year)",
        _WINDOWED,
        "ratio a year (0.2 is 20 %)",
        "J. C. Hull, Options, Futures, and Other Derivatives, 15.4",
        operations.volatility,
        (_of("log_return"), _window(20), _MINIMUM, _ANNUAL),
        lookback=_before,
    ),
    Item(
        "rsi",
        "relative strength index",
        "100 - 100 / (1 + gain / loss), Wilder averages of rises and falls: the mean of the first "
        "`window`, then (before * (window - 1) + new) / window",
        "a null row is null and passed over; 100 without a fall; null where nothing has moved",
        "0 to 100",
        _WILDER + ", section VI",
        operations.relative_strength,
        (_of(), _window(14)),
        lookback=_wilder,
    ),
    Item(
        "atr",
        "average true range",
        "Wilder average (as of rsi) of max(high - low, |high - close before|, |low - close before|)",
        "a row without high, low or close is null and passed over",
        "price",
        _WILDER + ", section III",
        operations.average_true_range,
        (_window(14, 1),),
        needs=("high", "low", "close"),
        lookback=_wilder,
    ),
    Item(
        "bollinger",
        "Bollinger bands",
        "middle: mean over the window; lower, upper: mean -/+ k * std(ddof 0)",
        _WINDOWED,
        "as `of`",
        "J. Bollinger, Bollinger on Bollinger Bands (2001)",
        operations.bollinger,
        (_of(), _window(20), _MINIMUM, Parameter("k", Kind.NUMBER, "deviations", 2.0, 0, 100)),
        outputs=("lower", "middle", "upper"),
        lookback=_before,
    ),
    Item(
        "vwap",
        "volume-weighted average price",
        "sum(p * weight) / sum(weight) over the window, p = (high + low + close) / 3",
        _WINDOWED + ", both price and weight; null where nothing was traded",
        "price",
        "definition; of candles, so p stands for the bucket's trades",
        operations.vwap,
        (
            _window(20, 1),
            _MINIMUM,
            Parameter(
                "weight",
                Kind.CHOICE,
                "ticks for what has no volume, as FX",
                "volume",
                choices=("volume", "ticks"),
            ),
        ),
        needs=("high", "low", "close", "volume", "ticks"),
        lookback=_before,
    ),
    Item(
        "twap",
        "time-weighted average price",
        "sum(p * length) / sum(length) over the window, p = (open + high + low + close) / 4, length that "
        "of the bucket: a day of a clock change counts 23 or 25 hours",
        _WINDOWED + "; a hole has no length",
        "price",
        "definition; of candles, so p stands for the bucket",
        operations.twap,
        (_window(20, 1), _MINIMUM),
        needs=("open", "high", "low", "close"),
        lookback=_before,
    ),
    Item(
        "drawdown",
        "how far below its highest",
        "x / max(x so far) - 1",
        "null where x is null; a window also needs min_periods values",
        "ratio, 0 or less",
        "definition",
        operations.drawdowns,
        (_of(), _FALL_WINDOW, _MINIMUM),
        lookback=_before,
    ),
    Item(
        "max_drawdown",
        "the deepest fall so far",
        "min(drawdown so far); of a window, highest and lowest are both in it",
        "as drawdown",
        "ratio, 0 or less",
        "definition",
        operations.deepest_drawdowns,
        (_of(), _FALL_WINDOW, _MINIMUM),
        lookback=_before,
    ),
    Item(
        "beta",
        "slope of the symbol against a benchmark",
        "cov(x, benchmark) / var(benchmark)",
        _WINDOWED + ", both; null where the benchmark does not move",
        "ratio",
        "W. F. Sharpe, Capital Asset Prices (1964)",
        operations.beta,
        (_of("log_return"), _BENCHMARK, _window(None, 2, _WHOLE), _MINIMUM),
        lookback=_before,
    ),
    Item(
        "correlation",
        "Pearson correlation with a benchmark, or of all pairs",
        "cov(x, y) / (std(x) * std(y))",
        _WINDOWED + ", both; null where either does not move",
        "-1 to 1",
        "definition",
        operations.correlation,
        (_of("log_return"), _PARTNER, _window(None, 2, _WHOLE), _MINIMUM),
        lookback=_before,
        paired=True,
    ),
    Item(
        "covariance",
        "covariance with a benchmark, or of all pairs",
        "sum((x - mean x)(y - mean y)) / (count - ddof)",
        _WINDOWED + ", both; exactly 0 where either does not move",
        "product of the units of `of`",
        "definition",
        operations.covariance,
        (_of("log_return"), _PARTNER, _window(None, 2, _WHOLE), _MINIMUM, _DDOF),
        lookback=_before,
        paired=True,
    ),
    Item(
        "rank",
        "rank among the symbols at the same time",
        "1 + how many come before it; ties share the mean of their ranks; percent: rank / count",
        "a null is not ranked nor counted; benchmarks are not either",
        "1 to the number of symbols, or above 0 to 1",
        "definition",
        operations.rank,
        (
            _of(),
            Parameter(
                "order",
                Kind.CHOICE,
                "ascending: the lowest is 1",
                "ascending",
                choices=("ascending", "descending"),
            ),
            Parameter(
                "scale", Kind.CHOICE, "what it counts in", "rank", choices=("rank", "percent")
            ),
        ),
    ),
    Item(
        "resample",
        "a wider bucket's value as far as it is known: no row looks ahead",
        "first, last, mean, max, min or sum of x from the start of the wider bucket to this row",
        "nulls are passed over; null until the bucket has a value",
        "as `of`",
        "definition; the query's own `resample` shows the last row of each wider bucket alone",
        operations.resample,
        (
            _of(),
            Parameter(
                "to", Kind.INTERVAL, "the wider interval, in the query's zone", required=True
            ),
            Parameter(
                "how",
                Kind.CHOICE,
                "how values become one",
                "last",
                choices=("first", "last", "mean", "max", "min", "sum"),
            ),
        ),
        lookback=lambda arguments, rows: rows(str(arguments["to"])),
    ),
)
VOCABULARY = {each.name: each for each in _ITEMS}
"""Operations by name."""
