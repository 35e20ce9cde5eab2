"""Days, weeks and months of Alpha Vantage, against the recorded responses."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.sandbox.wire import World
from tests.connectors.sandbox.alphavantage_asking import ask, lines
from tests.connectors.sandbox.conftest import NOW_US

Recorded = Callable[[str], Any]
FX, STOCK, COIN = (
    {"from_symbol": "EUR", "to_symbol": "USD"},
    {"symbol": "TSLA"},
    {"symbol": "BTC", "market": "USD"},
)
TODAY = "2026-11-24"


@pytest.mark.parametrize(
    ("function", "query", "name", "last"),
    [
        ("FX_DAILY", FX, "forex_daily.json", "5. Last Refreshed"),
        ("FX_WEEKLY", FX, "forex_weekly.json", "4. Last Refreshed"),
        ("FX_MONTHLY", FX, "forex_monthly.json", "4. Last Refreshed"),
        ("TIME_SERIES_DAILY", STOCK, "time_series_daily.json", "3. Last Refreshed"),
        ("TIME_SERIES_WEEKLY", STOCK, "time_series_weekly.json", "3. Last Refreshed"),
        (
            "TIME_SERIES_DAILY_ADJUSTED",
            STOCK,
            "time_series_daily_adjusted.json",
            "3. Last Refreshed",
        ),
    ],
)
def test_it_has_the_recorded_shape(
    premium: World, recorded: Recorded, function: str, query: dict[str, str], name: str, last: str
) -> None:
    ours, theirs = ask(premium, function, **query), recorded(f"alphavantage_codespore/{name}")
    assert list(ours) == list(theirs)
    assert ours["Meta Data"] == theirs["Meta Data"] | {last: TODAY}
    assert list(ours["Meta Data"]) == list(theirs["Meta Data"])
    our_rows, their_rows = (list(each.values())[1] for each in (ours, theirs))
    assert list(our_rows[TODAY]) == list(next(iter(their_rows.values())))
    assert list(our_rows) == sorted(our_rows, reverse=True)


def test_coins_have_the_shape_of_2025(premium: World) -> None:
    ours = ask(premium, "DIGITAL_CURRENCY_DAILY", **COIN)
    assert list(ours["Meta Data"].values()) == [
        "Daily Prices and Volumes for Digital Currency",
        "BTC",
        "Bitcoin",
        "USD",
        "United States Dollar",
        TODAY,
        "UTC",
    ]
    rows = ours["Time Series (Digital Currency Daily)"]
    assert len(rows) == 350
    assert list(rows[TODAY]) == ["1. open", "2. high", "3. low", "4. close", "5. volume"]


def test_a_size_is_the_newest_hundred_or_all(premium: World) -> None:
    sizes = [
        len(ask(premium, "TIME_SERIES_DAILY", outputsize=size, **STOCK)["Time Series (Daily)"])
        for size in ("compact", "full")
    ]
    assert sizes == [100, 250]


def test_a_week_joins_its_days(premium: World) -> None:
    days = ask(premium, "FX_DAILY", outputsize="full", **FX)["Time Series FX (Daily)"]
    weeks = ask(premium, "FX_WEEKLY", **FX)["Time Series FX (Weekly)"]
    label = list(weeks)[1]
    week = date.fromisoformat(label).isocalendar()[:2]
    held = [row for day, row in days.items() if date.fromisoformat(day).isocalendar()[:2] == week]
    assert weeks[label] == {
        "1. open": held[-1]["1. open"],
        "2. high": max(row["2. high"] for row in held),
        "3. low": min(row["3. low"] for row in held),
        "4. close": held[0]["4. close"],
    }


def test_the_running_day_is_the_quote_so_far(premium: World) -> None:
    row = ask(premium, "TIME_SERIES_DAILY", **STOCK)["Time Series (Daily)"][TODAY]
    quote = ask(premium, "GLOBAL_QUOTE", NOW_US, entitlement="realtime", **STOCK)["Global Quote"]
    assert row["5. volume"] == quote["06. volume"]
    for name, other in (("1. open", "02. open"), ("2. high", "03. high"), ("3. low", "04. low")):
        assert round(Decimal(row[name]), 2) == Decimal(quote[other])


def test_a_table_says_the_same(premium: World) -> None:
    series = ask(premium, "TIME_SERIES_DAILY_ADJUSTED", **STOCK)["Time Series (Daily)"]
    header, *rows = lines(premium, "TIME_SERIES_DAILY_ADJUSTED", **STOCK)
    assert header.split(",") == [
        *("timestamp", "open", "high", "low", "close", "adjusted_close", "volume"),
        *("dividend_amount", "split_coefficient"),
    ]
    assert [row.split(",") for row in rows] == [[at, *row.values()] for at, row in series.items()]


@pytest.mark.parametrize("function", ["FX_DAILY", "TIME_SERIES_WEEKLY", "DIGITAL_CURRENCY_MONTHLY"])
def test_what_is_unknown_is_an_error(premium: World, function: str) -> None:
    assert list(ask(premium, function, symbol="NOPE", from_symbol="EUR")) == ["Error Message"]
