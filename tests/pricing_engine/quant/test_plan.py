"""What a plan makes of columns, and what it refuses: the path, what is allowed, what may be meant."""

import pytest

from pricing_engine.quant.errors import Fault, InvalidQueryError
from pricing_engine.quant.plan import MAX_COLUMNS, Layout, Plan, plan

NAN = float("nan")
ROWS = "must be an integer from 2 to 5000"


def planned(*columns: object, layout: Layout = Layout.LONG) -> Plan:
    return plan(columns, layout, lambda _wider: 5)


def refused(*columns: object, layout: Layout = Layout.LONG) -> Fault:
    with pytest.raises(InvalidQueryError) as caught:
        planned(*columns, layout=layout)
    return caught.value.faults[0]


def test_a_name_is_a_field_or_an_operation_with_its_defaults() -> None:
    found = planned("close", "rsi", "bollinger")
    assert found.shown == ("close", "rsi", "bollinger.lower", "bollinger.middle", "bollinger.upper")
    assert found.fields == ("close",)
    assert [step.arguments["window"] for step in found.steps] == [14, 20]


def test_of_names_an_earlier_column_a_field_or_an_operation() -> None:
    found = planned(
        {"name": "r", "op": "log_return", "of": "mid", "show": False},
        {"name": "m", "op": "rolling_mean", "of": "r", "window": 10},
        {"name": "v", "op": "zscore", "of": "simple_return", "window": 30},
        {"name": "b", "op": "bollinger"},
        {"name": "u", "op": "rank", "of": "b.upper"},
    )
    assert found.shown == ("m", "v", "b.lower", "b.middle", "b.upper", "u")
    assert found.fields == ("close", "mid")
    assert [step.arguments["of"] for step in found.steps] == [
        "mid",
        "r",
        "close",
        "~simple_return",
        "close",
        "b.upper",
    ]


def test_a_default_is_the_operation_whatever_columns_are_called_like_it() -> None:
    found = planned({"name": "log_return", "op": "log_return", "of": "open"}, "volatility")
    assert found.steps[-1].arguments["of"] == "~log_return"
    assert found.steps[-2].arguments["of"] == "close"


def test_windows_add_up_along_a_chain() -> None:
    chain = (
        {"name": "r", "op": "log_return", "periods": 5},
        {"name": "v", "op": "volatility", "of": "r", "window": 20},
        {"name": "z", "op": "zscore", "of": "v", "window": 250},
    )
    assert planned(*chain).lookback == 5 + 19 + 249
    assert planned("close", "drawdown").lookback == 0
    assert planned("rsi").lookback == 21 * 14
    assert planned({"op": "resample", "to": "1w"}).lookback == 5
    assert planned({"op": "correlation", "window": 250}, layout=Layout.PAIRS).lookback == 250


def test_benchmarks_are_collected_and_pairs_shown_alone() -> None:
    columns = (
        "close",
        {"op": "beta", "benchmark": "SPY", "window": 20},
        {"op": "correlation", "window": 250},
    )
    found = planned(*columns, layout=Layout.PAIRS)
    assert (found.benchmarks, found.shown) == (("SPY",), ("correlation",))


@pytest.mark.parametrize(
    ("column", "field", "near"),
    [
        ("clsoe", "columns.0", "close"),
        ({"op": "rolling_maen"}, "columns.0.op", "rolling_mean"),
        ({"op": "rsi", "windw": 14}, "columns.0.windw", "window"),
        ({"op": "rsi", "of": "hihg"}, "columns.0.of", "high"),
        ({"op": "resample", "to": "1w", "how": "average"}, "columns.0.how", None),
        ({"op": "rank", "order": "desc"}, "columns.0.order", "descending"),
    ],
)
def test_a_name_that_nobody_knows_is_told_with_what_may_be_meant(
    column: object, field: str, near: str | None
) -> None:
    fault = refused(column)
    assert (fault.field, fault.did_you_mean) == (field, near)
    assert near is None or near in fault.allowed
    assert fault.allowed


@pytest.mark.parametrize(
    ("column", "field", "message"),
    [
        (7, "columns.0", "must be a name or an object with an op, not 7"),
        ({"name": "x"}, "columns.0.op", "is missing"),
        ({"op": "rsi", "window": 1}, "columns.0.window", f"{ROWS}, not 1"),
        ({"op": "rsi", "window": 9e9}, "columns.0.window", f"{ROWS}, not 9000000000.0"),
        ({"op": "rsi", "window": True}, "columns.0.window", f"{ROWS}, not True"),
        ({"op": "rsi", "window": None}, "columns.0.window", f"{ROWS}, not None"),
        ({"op": "ewma", "span": NAN}, "columns.0.span", "must be a number from 1 to 5000, not nan"),
        (
            {"op": "zscore", "min_periods": 21},
            "columns.0.min_periods",
            "must be at most the window, 20",
        ),
        ({"op": "beta"}, "columns.0.benchmark", "is missing: the other symbol"),
        ({"op": "beta", "benchmark": 5}, "columns.0.benchmark", "must be a symbol, not 5"),
        ({"op": "rsi", "name": "9x"}, "columns.0.name", None),
        (
            {"op": "rsi", "name": "close"},
            "columns.0.name",
            "'close' is the name of a field: take another",
        ),
        ({"op": "rsi", "show": 1}, "columns.0.show", "must be true or false, not 1"),
        ({"op": "rsi", "name": "x", "of": "x"}, "columns.0.of", "cyclic: x of x"),
        ({"op": "rsi", "of": "bollinger"}, "columns.0.of", None),
        ({"op": "rsi", "of": "~log_return"}, "columns.0.of", None),
        ({"op": "rsi", "of": ["close"]}, "columns.0.of", None),
    ],
)
def test_what_cannot_be_is_refused(column: object, field: str, message: str | None) -> None:
    fault = refused(column)
    assert fault.field == field
    assert message is None or fault.message == message


def test_what_is_long_is_neither_compared_nor_repeated() -> None:
    for given in ("x" * 1_000_000, {"op": "x" * 1_000_000}, {"op": "rsi", "window": "9" * 100_000}):
        fault = refused(given)
        assert len(fault.message) < 200


def test_what_names_itself_by_a_detour_is_cyclic() -> None:
    columns = (
        {"name": "a", "op": "rsi", "of": "b"},
        {"name": "b", "op": "rsi", "of": "c"},
        {"name": "c", "op": "rsi", "of": "a"},
    )
    assert refused(*columns).message == "cyclic: a of b of c of a"
    later = refused({"name": "a", "op": "rsi", "of": "b"}, {"name": "b", "op": "rsi"})
    assert later.message == "'b' is a later column: move it before this one"
    endless = refused({"name": "a", "op": "rsi", "of": "b"}, {"name": "b", "op": "rsi", "of": "b"})
    assert endless.message == "'b' is a later column: move it before this one"


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidQueryError) as caught:
        planned("clsoe", {"op": "rsi", "window": 0}, {"op": "beta"})
    fields = [fault.field for fault in caught.value.faults]
    assert fields == ["columns.0", "columns.1.window", "columns.2.benchmark"]
    assert "did you mean 'close'?" in str(caught.value)


def test_a_name_is_taken_once() -> None:
    assert refused("rsi", "rsi").field == "columns.1.name"
    assert refused("close", "close").message == "'close' is shown already"


def test_columns_are_bounded() -> None:
    assert refused().message == f"must be 1 to {MAX_COLUMNS} columns, not 0"
    assert refused(*["close"] * 51).message == f"must be 1 to {MAX_COLUMNS} columns, not 51"
    assert refused({"op": "rsi", "show": False}).message == "no column is shown"


def test_pairs_need_their_layout_and_a_layout_its_pairs() -> None:
    pairs = {"op": "correlation", "window": 20}
    assert refused(pairs).allowed == ("pairs", "matrix")
    assert refused("close", layout=Layout.PAIRS).field == "layout"
    both = (pairs, {"op": "covariance"})
    assert refused(*both, layout=Layout.MATRIX).field == "layout"
    assert planned(*both, layout=Layout.PAIRS).shown == ("correlation", "covariance")
    of_pairs = refused(pairs, {"op": "rsi", "of": "correlation"}, layout=Layout.PAIRS)
    assert of_pairs.message == "'correlation' is of pairs: nothing can be computed of it"
    several = refused({"name": "b", "op": "bollinger"}, {"op": "rsi", "of": "b"})
    assert several.allowed == ("b.lower", "b.middle", "b.upper")


def test_what_has_no_window_is_of_the_whole_range() -> None:
    beside = {"op": "beta", "benchmark": "MSFT"}
    found = planned("drawdown", "rsi", beside, {"name": "c", **beside, "window": 9})
    assert found.whole == ("drawdown", "beta")
    assert planned({"name": "m", "op": "rolling_mean", "of": "drawdown"}).whole == ("drawdown",)
