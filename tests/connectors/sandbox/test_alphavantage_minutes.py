"""Intraday series of Alpha Vantage, against the recorded responses and the contract sheet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.wire import World
from market.clock import datetime_of, microseconds
from tests.connectors.sandbox.alphavantage_asking import SECOND_US, ask, assert_rows, lines
from tests.connectors.sandbox.conftest import NOW_US

Recorded = Callable[[str], Any]
NEW_YORK = ZoneInfo("America/New_York")
REALTIME = {"entitlement": "realtime"}


class TestIntraday:
    def test_fx_has_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "FX_INTRADAY", from_symbol="EUR", to_symbol="USD", interval="5min")
        theirs = recorded("alphavantage_codespore/forex_intraday.json")
        assert list(ours) == list(theirs)
        assert ours["Meta Data"] == theirs["Meta Data"] | {
            "4. Last Refreshed": "2026-11-24 14:55:00"
        }
        rows = ours["Time Series FX (5min)"]
        assert len(rows) == 100
        assert_rows(rows, 5, list(theirs["Time Series FX (5min)"]["2021-04-23 21:55:00"]))

    def test_fx_full_is_a_day_of_whole_minutes_newest_first(self, premium: World) -> None:
        query = {"from_symbol": "EUR", "to_symbol": "GBP", "interval": "1min"}
        ours = ask(premium, "FX_INTRADAY", outputsize="full", **query)
        times = list(ours["Time Series FX (1min)"])
        assert ours["Meta Data"]["6. Output Size"] == "Full size"
        assert len(times) == 1_500
        assert times[0] == "2026-11-24 15:03:00"
        moments = [datetime.fromisoformat(text) for text in times]
        assert {a - b for a, b in pairwise(moments)} == {timedelta(minutes=1)}

    def test_stocks_have_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "TIME_SERIES_INTRADAY", symbol="TSLA", interval="5min", **REALTIME)
        theirs = recorded("alphavantage_codespore/time_series_intraday.json")
        assert list(ours) == list(theirs)
        assert ours["Meta Data"] == theirs["Meta Data"] | {
            "3. Last Refreshed": "2026-11-24 09:55:00"
        }
        rows = ours["Time Series (5min)"]
        assert all(int(row["5. volume"]) > 0 for row in rows.values())
        prices = {
            at: {key: text for key, text in row.items() if key != "5. volume"}
            for at, row in rows.items()
        }
        assert_rows(prices, 4, ["1. open", "2. high", "3. low", "4. close"])

    def test_stock_bars_join_the_quote(self, premium: World) -> None:
        minute_us = NOW_US // (60 * SECOND_US) * 60 * SECOND_US
        bars = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="1min", **REALTIME)
        quote = ask(premium, "GLOBAL_QUOTE", minute_us - 1, symbol="AAPL", **REALTIME)
        newest = next(iter(bars["Time Series (1min)"].values()))
        assert newest["4. close"] == quote["Global Quote"]["05. price"]

    def test_the_hour_that_a_clock_shows_twice_is_given_once(self, premium: World) -> None:
        after = microseconds(datetime(2026, 11, 1, 12, tzinfo=NEW_YORK))
        query = {"symbol": "AAPL", "interval": "1min", "outputsize": "full"}
        ours = ask(premium, "TIME_SERIES_INTRADAY", after, **query, **REALTIME)
        times = list(ours["Time Series (1min)"])
        assert times == sorted(set(times), reverse=True)
        assert len(times) == 1_440

    def test_five_minutes_hold_their_single_ones(self, premium: World) -> None:
        query = {"from_symbol": "USD", "to_symbol": "JPY", "outputsize": "full"}
        ones = ask(premium, "FX_INTRADAY", interval="1min", **query)["Time Series FX (1min)"]
        five = ask(premium, "FX_INTRADAY", interval="5min", **query)["Time Series FX (5min)"]
        row = five["2026-11-24 12:30:00"]
        singles = [ones[f"2026-11-24 12:3{minute}:00"] for minute in range(5)]
        assert row["1. open"] == singles[0]["1. open"]
        assert row["2. high"] == max(single["2. high"] for single in singles)
        assert row["3. low"] == min(single["3. low"] for single in singles)
        assert row["4. close"] == singles[4]["4. close"]

    def test_stock_bars_end_where_the_entitlement_does(self, premium: World) -> None:
        newest = []
        for entitlement in ("realtime", "delayed", ""):
            query = {"symbol": "AAPL", "interval": "1min", "entitlement": entitlement}
            series = ask(premium, "TIME_SERIES_INTRADAY", **query)["Time Series (1min)"]
            newest.append(next(iter(series)))
        assert newest == ["2026-11-24 10:03:00", "2026-11-24 09:48:00", "2026-11-23 23:59:00"]

    def test_coins_have_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        query = {"symbol": "ETH", "market": "USD", "interval": "5min"}
        ours = ask(premium, "CRYPTO_INTRADAY", **query)
        theirs = recorded("alphavantage_codespore/crypto_intraday.json")
        assert list(ours) == list(theirs)
        assert ours["Meta Data"] == theirs["Meta Data"] | {
            "5. Market Name": "United States Dollar",
            "6. Last Refreshed": "2026-11-24 14:55:00",
        }
        rows = ours["Time Series Crypto (5min)"].values()
        assert all(isinstance(row["5. volume"], int) for row in rows)

    def test_the_cheapest_coin_has_a_price(self, premium: World) -> None:
        query = {"symbol": "PEPE", "market": "USD", "interval": "1min"}
        rows = ask(premium, "CRYPTO_INTRADAY", **query)["Time Series Crypto (1min)"].values()
        assert all(Decimal(row["3. low"]) > 0 for row in rows)

    def test_a_table_says_the_same(self, premium: World) -> None:
        query = {"symbol": "AAPL", "interval": "1min", **REALTIME}
        series = ask(premium, "TIME_SERIES_INTRADAY", **query)["Time Series (1min)"]
        header, *rows = lines(premium, "TIME_SERIES_INTRADAY", **query)
        assert header == "timestamp,open,high,low,close,volume"
        assert [row.split(",") for row in rows] == [
            [at, *row.values()] for at, row in series.items()
        ]

    def test_unknown_symbols_and_intervals_are_errors(self, premium: World) -> None:
        fx = ask(premium, "FX_INTRADAY", from_symbol="EUR", to_symbol="XYZ", interval="1min")
        stock = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="2min")
        assert fx["Error Message"].endswith("for FX_INTRADAY.")
        assert stock["Error Message"].endswith("for TIME_SERIES_INTRADAY.")


def test_times_of_stocks_are_new_york_wall_times(premium: World) -> None:
    ours = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="1min", **REALTIME)
    newest = datetime.fromisoformat(next(iter(ours["Time Series (1min)"])))
    age = datetime_of(NOW_US) - newest.replace(tzinfo=NEW_YORK)
    assert timedelta(minutes=1) <= age < timedelta(minutes=2)
