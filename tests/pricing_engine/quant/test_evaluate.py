"""Whole answers: pairs and matrices against the reference, resampled rows, and an end in the middle."""

from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from market.instruments import AssetClass
from pricing_engine.quant.evaluate import evaluate
from pricing_engine.quant.panel import Grid, Member, Span, panel
from pricing_engine.quant.plan import Layout, plan
from tests.pricing_engine.quant.making import DAY, ZONE, asked, of, stocks, us
from tests.pricing_engine.quant.test_operations import same
from tests.reference import quant as reference

START = datetime(2016, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("op", ["correlation", "covariance"])
def test_rolling_pairs_equal_their_reference(op: str, test_data: Path) -> None:
    frames = stocks(test_data)
    column = {"op": op, "window": 60, "min_periods": 40}
    answer = asked(frames, [column], layout=Layout.PAIRS, start=START)
    whole = asked(frames, ["log_return"], grid=Grid.UNION)
    times = whole.filter(pl.col("symbol") == "TSLA")["time"].to_list()
    first = next(row for row, time in enumerate(times) if time >= START)
    measure = reference.correlation if op == "correlation" else reference.covariance
    # In its own rows a return spans the hole before it; the pairs' rows are those of all symbols.
    own = {symbol: _spanned(frames[symbol], times) for symbol in frames}
    for left, right in combinations(frames, 2):
        rows = answer.filter((pl.col("symbol") == left) & (pl.col("other") == right))
        expected = reference.rolling_pair(own[left], own[right], 60, 40, measure)[first:]
        assert rows["time"].to_list() == times[first:]
        same(rows[op].to_list(), expected, 1e-8)
    assert answer.height == 10 * (len(times) - first)


def _spanned(frame: pl.DataFrame, times: list[datetime]) -> list[float | None]:
    returns = reference.log_return(frame["close"].to_list())
    found = dict(zip(frame["time"].to_list(), returns, strict=True))
    return [found.get(time) for time in times]


def test_a_matrix_is_symmetric_and_knows_itself(test_data: Path) -> None:
    frames = stocks(test_data)
    column = {"op": "correlation", "window": 60, "min_periods": 40}
    matrix = asked(frames, [column], layout=Layout.MATRIX, start=START)
    pairs = asked(frames, [column], layout=Layout.PAIRS, start=START)
    assert matrix.columns == ["time", "symbol", *frames]
    at = matrix["time"].unique().sort()[100]
    rows = matrix.filter(pl.col("time") == at)
    square = {row["symbol"]: row for row in rows.iter_rows(named=True)}
    for row in pairs.filter(pl.col("time") == at).iter_rows(named=True):
        a, b = row["symbol"], row["other"]
        assert square[a][b] == square[b][a] == row["correlation"]
        assert square[a][a] == pytest.approx(1.0)


def test_without_a_window_a_range_has_one_matrix(test_data: Path) -> None:
    frames = stocks(test_data)
    answer = asked(frames, ["covariance"], layout=Layout.MATRIX, start=START)
    assert answer.height == 5
    assert answer["time"].unique().to_list() == [datetime(2017, 12, 29, tzinfo=UTC)]
    returns = asked(frames, ["log_return"], start=START)
    by_time = {
        symbol: dict(
            zip(
                returns.filter(pl.col("symbol") == symbol)["time"].to_list(),
                of(returns, symbol, "log_return"),
                strict=True,
            )
        )
        for symbol in frames
    }
    times = sorted(by_time["YHOO"])
    x, y = ([by_time[symbol].get(time) for time in times] for symbol in ("YHOO", "AAPL"))
    expected = reference.covariance(*reference.both(x, y))
    (found,) = answer.filter(pl.col("symbol") == "YHOO")["AAPL"].to_list()
    assert found == pytest.approx(expected, rel=1e-9)


def test_resampled_rows_are_the_last_of_each_wider_bucket(test_data: Path) -> None:
    frames = {"AAPL": stocks(test_data)["AAPL"]}
    columns = [
        "close",
        "rsi",
        {"name": "top", "op": "resample", "of": "high", "to": "1M", "how": "max"},
    ]
    daily = asked(frames, columns, start=START)
    monthly = asked(frames, columns, start=START, resample="1M")
    expected = daily.group_by(pl.col("time").dt.truncate("1mo"), maintain_order=True).agg(
        pl.col("close").last(), pl.col("rsi").last(), pl.col("top").last()
    )
    assert monthly.drop("symbol").to_dicts() == expected.to_dicts()
    highs = frames["AAPL"].filter(
        pl.col("time").is_between(START, datetime(2016, 6, 30, tzinfo=UTC))
    )
    assert monthly["top"][0] == highs["high"].max()


def test_pairs_are_resampled_too(test_data: Path) -> None:
    column = {"op": "correlation", "window": 60}
    answer = asked(
        stocks(test_data),
        [column],
        layout=Layout.PAIRS,
        start=START,
        resample="1M",
        grid=Grid.UNION,
    )
    assert answer.height == 10 * 19
    assert {time.day for time in answer["time"].to_list()} == {1}


def test_the_work_can_be_ended_between_two_columns(test_data: Path) -> None:
    calls: list[int] = []

    def proceed() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TimeoutError

    made = plan(["rsi", "atr", "twap"], Layout.LONG, lambda _wider: 1)
    member = Member("AAPL", AssetClass.STOCK, stocks(test_data)["AAPL"])
    table = panel([member], Span(us(2015, 1, 1), us(2018, 1, 1), DAY, ZONE), made.fields)
    with pytest.raises(TimeoutError):
        evaluate(made, table, proceed=proceed)
    assert "rsi" in table.frame.columns
    assert "atr" not in table.frame.columns
