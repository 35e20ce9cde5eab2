"""Every operation equals its plain-Python reference, on recorded stocks, FX minutes, coins, and holes."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from market.instruments import AssetClass
from pricing_engine.quant.panel import Grid
from pricing_engine.quant.vocabulary import VOCABULARY
from tests.pricing_engine.quant.making import (
    DAY,
    FIRST,
    LAST,
    MINUTE,
    asked,
    candles,
    coins,
    minutes,
    of,
    stocks,
    us,
)
from tests.reference import quant as reference
from tests.reference.quant import Value, Values

Rows = Mapping[str, list[Value]]
Expected = Callable[[Rows], list[Value]]

_WINDOW = 7


def _typical(rows: Rows, *names: str) -> list[Value]:
    bars = zip(*(rows[name] for name in names), strict=True)
    return [None if None in bar else math.fsum(v for v in bar if v) / len(names) for bar in bars]


def _lengths(rows: Rows) -> list[Value]:
    return [None if close is None else 1.0 for close in rows["close"]]


def _returns(rows: Rows) -> list[Value]:
    return reference.log_return(rows["close"])


CASES: dict[str, tuple[Mapping[str, object], Expected]] = {
    "simple_return": ({"periods": 3}, lambda rows: reference.simple_return(rows["close"], 3)),
    "log_return": ({}, _returns),
    "spread": ({"unit": "bps"}, lambda rows: reference.spread(rows["bid"], rows["ask"], "bps")),
    "rolling_mean": (
        {"window": _WINDOW, "min_periods": 3},
        lambda rows: reference.rolling_mean(rows["close"], _WINDOW, 3),
    ),
    "rolling_std": (
        {"window": _WINDOW, "min_periods": 1},
        lambda rows: reference.rolling_std(rows["close"], _WINDOW, 1),
    ),
    "ewma": ({"span": 9.5}, lambda rows: reference.ewma(rows["close"], 9.5)),
    "zscore": (
        {"window": 20, "of": "log_return"},
        lambda rows: reference.zscore(_returns(rows), 20),
    ),
    "volatility": (
        {"window": 20, "periods_per_year": 100},
        lambda rows: reference.volatility(_returns(rows), 20, 100),
    ),
    "rsi": ({}, lambda rows: reference.rsi(rows["close"], 14)),
    "atr": ({}, lambda rows: reference.atr(rows["high"], rows["low"], rows["close"], 14)),
    "vwap": (
        {"window": _WINDOW},
        lambda rows: reference.weighted(
            _typical(rows, "high", "low", "close"), rows["volume"], _WINDOW
        ),
    ),
    "twap": (
        {"window": _WINDOW},
        lambda rows: reference.weighted(
            _typical(rows, "open", "high", "low", "close"), _lengths(rows), _WINDOW
        ),
    ),
    "drawdown": ({"window": 10}, lambda rows: reference.drawdown(rows["close"], 10)),
    "max_drawdown": ({"window": 10}, lambda rows: reference.max_drawdown(rows["close"], 10)),
}
"""Of each operation on one symbol: parameters, and the reference of the shown price fields."""


def same(found: Values, expected: Values, relative: float = 1e-9) -> None:
    assert [value is None for value in found] == [value is None for value in expected]
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        if ours is not None and theirs is not None:
            assert math.isclose(ours, theirs, rel_tol=relative, abs_tol=1e-12), (
                place,
                ours,
                theirs,
            )


SHOWN = ("open", "high", "low", "close", "volume", "bid", "ask")


def _series(data: Path) -> dict[str, dict[str, list[Value]]]:
    """Recorded series by name, their fields as lists."""
    week = datetime(2014, 5, 2, 12, tzinfo=UTC)
    end = week + timedelta(days=3)
    pairs = {pair: minutes(data, pair) for pair in ("eurusd", "nzdusd")}
    over = asked(pairs, SHOWN, grid=Grid.UNION, interval=MINUTE, start=week, end=end)
    answers = {
        "stocks": (asked(stocks(data), SHOWN, grid=Grid.UNION), list(stocks(data))),
        "coins": (asked({"BTC-USD": coins(data)}, SHOWN), ["BTC-USD"]),
        "minutes": (over, list(pairs)),
    }
    return {
        f"{name} {symbol}": {field: of(answer, symbol, field) for field in SHOWN}
        for name, (answer, symbols) in answers.items()
        for symbol in symbols
    }


def test_every_operation_has_a_reference() -> None:
    elsewhere = {"bollinger", "beta", "correlation", "covariance", "rank", "resample"}
    assert CASES.keys() | elsewhere == VOCABULARY.keys()


@pytest.mark.parametrize("op", CASES)
def test_an_operation_equals_its_reference(op: str, test_data: Path) -> None:
    parameters, expected = CASES[op]
    column = {"name": "x", "op": op, **parameters}
    for fields in _series(test_data).values():
        times = [us(2020, 1, 1) + row * 86_400_000_000 for row in range(len(fields["close"]))]
        frame = candles(times, **fields)
        start = datetime(2020, 1, 1, tzinfo=UTC)
        answer = asked({"S": frame}, [column], start=start, end=start + timedelta(days=9_999))
        same(of(answer, "S", "x"), expected(fields))


def test_bollinger_bands_equal_their_reference(test_data: Path) -> None:
    frames = stocks(test_data)
    answer = asked(frames, [{"op": "bollinger", "window": 20, "k": 1.5}])
    for symbol, frame in frames.items():
        bands = reference.bollinger(frame["close"].to_list(), 20, 1.5)
        for name, expected in zip(("lower", "middle", "upper"), bands, strict=True):
            same(of(answer, symbol, f"bollinger.{name}"), expected)


@pytest.mark.parametrize("grid", [Grid.OWN, Grid.UNION])
@pytest.mark.parametrize("window", [None, 30])
def test_beta_and_its_kin_equal_their_reference(
    grid: Grid, window: int | None, test_data: Path
) -> None:
    measures = {
        "beta": reference.beta,
        "correlation": reference.correlation,
        "covariance": reference.covariance,
    }
    columns = [
        {"op": op, "benchmark": "AAPL", "window": window, "min_periods": 20} for op in measures
    ]
    frames = stocks(test_data)
    prices = asked(frames, ["log_return"], grid=grid)
    times = {
        symbol: prices.filter(pl.col("symbol") == symbol)["time"].to_list() for symbol in frames
    }
    benchmark = dict(zip(times["AAPL"], of(prices, "AAPL", "log_return"), strict=True))
    answer = asked(frames, columns, grid=grid)
    for symbol in frames:
        own = of(prices, symbol, "log_return")
        other = [benchmark.get(time) for time in times[symbol]]
        for op, measure in measures.items():
            if window is None:
                whole = measure(*reference.both(own, other))
                expected: list[Value] = [whole] * len(own)
            else:
                expected = reference.rolling_pair(own, other, window, 20, measure)
            same(of(answer, symbol, op), expected, 1e-8)


@pytest.mark.parametrize("descending", [False, True])
def test_ranks_equal_their_reference(descending: bool, test_data: Path) -> None:
    order = "descending" if descending else "ascending"
    column = {"name": "r", "op": "rank", "of": "simple_return", "order": order}
    answer = asked(stocks(test_data), ["simple_return", column], grid=Grid.UNION)
    for (_,), rows in answer.group_by("time", maintain_order=True):
        values = rows["simple_return"].to_list()
        assert rows["r"].to_list() == reference.rank(values, descending)


def test_ties_share_the_mean_of_their_ranks() -> None:
    closes = {"A": 2.0, "B": 1.0, "C": 2.0, "D": None, "E": 2.0}
    frames = {name: candles([us(2016, 1, 4)], close=[value]) for name, value in closes.items()}
    columns = ["rank", {"name": "p", "op": "rank", "scale": "percent"}]
    answer = asked(frames, columns)
    assert answer["rank"].to_list() == [3.0, 1.0, 3.0, None, 3.0]
    assert answer["p"].to_list() == [0.75, 0.25, 0.75, None, 0.75]


def test_a_benchmark_is_neither_ranked_nor_shown(test_data: Path) -> None:
    columns = ["rank", {"op": "beta", "benchmark": "GOOGL", "window": 20}]
    answer = asked(stocks(test_data), columns, benchmarks=["GOOGL"])
    assert answer["rank"].max() == 4
    assert "GOOGL" not in answer["symbol"].unique().to_list()


@pytest.mark.parametrize("how", ["first", "last", "mean", "max", "min", "sum"])
@pytest.mark.parametrize(("to", "key"), [("1w", "%G-%V"), ("1M", "%Y-%m")])
def test_a_resampled_column_equals_its_reference(
    how: str, to: str, key: str, test_data: Path
) -> None:
    column = {"name": "x", "op": "resample", "of": "volatility", "to": to, "how": how}
    frames = stocks(test_data)
    answer = asked(frames, ["volatility", column], grid=Grid.UNION)
    for symbol in frames:
        times = answer.filter(pl.col("symbol") == symbol)["time"].to_list()
        buckets = [time.strftime(key) for time in times]
        expected = reference.resample(of(answer, symbol, "volatility"), buckets, how)
        same(of(answer, symbol, "x"), expected)


def test_what_does_not_move_has_no_score_no_index_and_no_correlation() -> None:
    days = [us(2016, 1, 4) + day * 86_400_000_000 for day in range(60)]
    wild = [1e6 * (1 + day % 3) for day in range(30)]
    still = candles(days, close=[*wild, *[0.1] * 30], high=[0.1] * 60, low=[0.1] * 60)
    moving = candles(days, close=[100.0 + day % 7 for day in range(60)])
    columns = [
        {"op": "rolling_mean", "window": 20},
        {"op": "rolling_std", "window": 20},
        {"op": "zscore", "window": 20},
        {"op": "bollinger", "window": 20},
        {"op": "correlation", "of": "close", "benchmark": "B", "window": 20},
        {"op": "covariance", "of": "close", "benchmark": "B", "window": 20},
        {"name": "b", "op": "beta", "of": "close", "benchmark": "A", "window": 20},
    ]
    answer = asked({"A": still, "B": moving}, columns)
    last = answer.filter(pl.col("symbol") == "A").row(-1, named=True)
    assert last["rolling_mean"] == last["bollinger.lower"] == last["bollinger.upper"] == 0.1
    assert last["rolling_std"] == last["covariance"] == 0.0
    assert last["zscore"] is last["correlation"] is last["b"] is None
    assert of(asked({"A": still.tail(30)}, ["rsi"]), "A", "rsi") == [None] * 30


def test_annualising_knows_how_often_each_class_trades(test_data: Path) -> None:
    columns = [
        {"op": "volatility", "window": 20},
        {"name": "s", "op": "rolling_std", "of": "log_return"},
    ]
    for asset_class, periods in (
        (AssetClass.STOCK, 252),
        (AssetClass.FX, 260),
        (AssetClass.CRYPTO, 365),
    ):
        answer = asked({"S": stocks(test_data)["AAPL"]}, columns, asset_class=asset_class)
        expected = [
            None if each is None else each * math.sqrt(periods) for each in of(answer, "S", "s")
        ]
        same(of(answer, "S", "volatility"), expected)


def test_a_day_of_a_clock_change_weighs_as_long_as_it_is() -> None:
    new_york = ZoneInfo("America/New_York")
    days = [us(2016, 11, 5, 4), us(2016, 11, 6, 4), us(2016, 11, 7, 5)]
    flat = {name: [1.0, 2.0, 5.0] for name in ("open", "high", "low", "close")}
    frame = candles(days, **flat)
    column = {"op": "twap", "window": 3}
    answer = asked({"S": frame}, [column], zone=new_york, interval=DAY)
    same(of(answer, "S", "twap"), [None, None, (1 * 24 + 2 * 25 + 5 * 24) / 73])


def test_a_drawdown_begins_at_the_start_whatever_stood_before(test_data: Path) -> None:
    frame = {"AAPL": stocks(test_data)["AAPL"]}
    columns = ["drawdown", "max_drawdown", {"op": "rolling_mean", "window": 250}]
    start = datetime(2016, 1, 4, tzinfo=UTC)
    answer = asked(frame, columns, start=start)
    closes = frame["AAPL"].filter(pl.col("time") >= start)["close"].to_list()
    same(of(answer, "AAPL", "drawdown"), reference.drawdown(closes))
    same(of(answer, "AAPL", "max_drawdown"), reference.max_drawdown(closes))
    assert answer["rolling_mean"].null_count() == 0  # the rows before the start are in its windows


@pytest.mark.parametrize("op", VOCABULARY)
def test_an_empty_range_and_one_row_are_answered(op: str) -> None:
    required = {"benchmark": "S", "to": "1w"}
    taken = {each.name for each in VOCABULARY[op].parameters} & required.keys()
    column = {"op": op, **{name: required[name] for name in taken}}
    nothing = asked({"S": candles([])}, [column])
    assert nothing.height == 0
    one = asked({"S": candles([us(2016, 1, 4)], close=[1.0], high=[1.0], low=[1.0])}, [column])
    assert one.height == 1
    assert nothing.columns == one.columns


def test_a_slice_has_the_values_of_the_whole(test_data: Path) -> None:
    columns: list[object] = [
        {"name": name, "op": name, **parameters} for name, (parameters, _) in CASES.items()
    ]
    columns += [{"op": "correlation", "benchmark": "TSLA", "window": 60}]
    frames = stocks(test_data)
    start = datetime(2017, 3, 1, tzinfo=UTC)
    whole = asked(frames, columns, start=FIRST, end=LAST).filter(pl.col("time") >= start)
    sliced = asked(frames, columns, start=start, end=LAST)
    for symbol in frames:
        for column in whole.columns[2:]:
            same(of(sliced, symbol, column), of(whole, symbol, column), 1e-7)
