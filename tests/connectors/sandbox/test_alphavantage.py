"""Alpha Vantage's formats, against the recorded responses and the contract sheet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.sandbox import alphavantage
from connectors.sandbox.wire import Request, World
from market.clock import datetime_of, microseconds
from tests.connectors.sandbox.conftest import NOW_US, body, get

Recorded = Callable[[str], Any]
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
NEW_YORK = ZoneInfo("America/New_York")


def ask(world: World, function: str, now_us: int = NOW_US, /, key: str = "k", **query: str) -> Any:
    request = get("", now_us, function=function, apikey=key, **query)
    return body(alphavantage.respond(world, request))


class TestGlobalQuote:
    def test_it_has_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "GLOBAL_QUOTE", symbol="AAPL")
        theirs = recorded("alphavantage_codespore/time_series_quote.json")
        assert _shape(ours) == _shape(theirs)

    def test_its_numbers_agree_with_one_another(self, premium: World) -> None:
        for symbol in ("AAPL", "KO", "NVDA"):
            quote = ask(premium, "GLOBAL_QUOTE", symbol=symbol)["Global Quote"]
            price, previous = Decimal(quote["05. price"]), Decimal(quote["08. previous close"])
            assert quote["01. symbol"] == symbol
            assert Decimal(quote["09. change"]) == price - previous
            assert quote["10. change percent"] == f"{(price / previous - 1) * 100:.4f}%"
            low, high = Decimal(quote["04. low"]), Decimal(quote["03. high"])
            assert low <= min(price, Decimal(quote["02. open"]))
            assert high >= max(price, Decimal(quote["02. open"]))
            assert quote["07. latest trading day"] == "2026-11-24"
            assert int(quote["06. volume"]) > 0

    def test_price_and_volume_move_on_the_premium_plan(self, premium: World) -> None:
        quotes = [
            ask(premium, "GLOBAL_QUOTE", NOW_US + s * SECOND_US, symbol="AAPL")
            for s in range(0, 30, 3)
        ]
        assert len({quote["Global Quote"]["05. price"] for quote in quotes}) > 3
        volumes = [int(quote["Global Quote"]["06. volume"]) for quote in quotes]
        assert volumes == sorted(set(volumes))

    def test_the_free_plan_is_end_of_day(self, free: World) -> None:
        first = ask(free, "GLOBAL_QUOTE", symbol="AAPL")["Global Quote"]
        later = ask(free, "GLOBAL_QUOTE", NOW_US + HOUR_US, symbol="AAPL")["Global Quote"]
        assert first == later
        assert first["07. latest trading day"] == "2026-11-23"
        evening = NOW_US + 7 * HOUR_US
        quote = ask(free, "GLOBAL_QUOTE", evening, symbol="AAPL")["Global Quote"]
        assert quote["07. latest trading day"] == "2026-11-24"
        assert quote["08. previous close"] == first["05. price"]

    def test_a_delayed_entitlement_renames_the_envelope(self, premium: World) -> None:
        ours = ask(premium, "GLOBAL_QUOTE", symbol="AAPL", entitlement="delayed")
        past = ask(premium, "GLOBAL_QUOTE", NOW_US - 900 * SECOND_US, symbol="AAPL")
        assert ours == {"Global Quote - DATA DELAYED BY 15 MINUTES": past["Global Quote"]}

    def test_an_unknown_symbol_is_an_empty_object(self, premium: World) -> None:
        for symbol in ("NOPE", "EUR-USD", ""):
            assert ask(premium, "GLOBAL_QUOTE", symbol=symbol) == {"Global Quote": {}}


class TestExchangeRate:
    def test_it_has_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "CURRENCY_EXCHANGE_RATE", from_currency="USD", to_currency="JPY")
        theirs = recorded("alphavantage_codespore/forex_exchange_rates.json")
        assert _shape(ours) == _shape(theirs)
        fields = ours["Realtime Currency Exchange Rate"]
        assert fields["2. From_Currency Name"] == "United States Dollar"
        assert fields["4. To_Currency Name"] == "Japanese Yen"
        assert fields["6. Last Refreshed"] == "2026-11-24 15:04:05"
        assert all(len(fields[key].split(".")[1]) == 8 for key in _RATE_KEYS)

    def test_the_rate_lies_between_bid_and_ask(self, premium: World) -> None:
        for pair in ("EUR-USD", "BTC-USD", "SHIB-USD", "NOK-SEK"):
            base, quote = pair.split("-")
            answer = ask(premium, "CURRENCY_EXCHANGE_RATE", from_currency=base, to_currency=quote)[
                "Realtime Currency Exchange Rate"
            ]
            rate, bid, ask_ = (Decimal(answer[key]) for key in _RATE_KEYS)
            assert 0 < bid <= rate <= ask_

    def test_one_second_has_one_rate_and_the_next_another(self, premium: World) -> None:
        def at(now_us: int) -> Any:
            return ask(
                premium,
                "CURRENCY_EXCHANGE_RATE",
                now_us,
                from_currency="EUR",
                to_currency="USD",
            )["Realtime Currency Exchange Rate"]

        start = NOW_US // SECOND_US * SECOND_US
        assert at(start) == at(start + SECOND_US - 1)
        assert len({at(start + s * SECOND_US)["5. Exchange Rate"] for s in range(10)}) > 3

    def test_a_closed_market_keeps_rate_and_time(self, free: World) -> None:
        sunday = microseconds(datetime.fromisoformat("2026-11-22T12:00:00+00:00"))
        query = {"from_currency": "EUR", "to_currency": "USD"}
        answers = [
            ask(free, "CURRENCY_EXCHANGE_RATE", sunday + hour * HOUR_US, **query)
            for hour in range(2)
        ]
        assert answers[0] == answers[1]
        fields = answers[0]["Realtime Currency Exchange Rate"]
        assert fields["6. Last Refreshed"] == "2026-11-20 21:59:59"

    def test_an_unknown_currency_is_an_error(self, premium: World) -> None:
        answer = ask(premium, "CURRENCY_EXCHANGE_RATE", from_currency="EUR", to_currency="XYZ")
        assert answer["Error Message"].startswith("Invalid API call.")


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
        _assert_rows(rows, 5, list(theirs["Time Series FX (5min)"]["2021-04-23 21:55:00"]))

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
        ours = ask(premium, "TIME_SERIES_INTRADAY", symbol="TSLA", interval="5min")
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
        _assert_rows(prices, 4, ["1. open", "2. high", "3. low", "4. close"])

    def test_stock_bars_join_the_quote(self, premium: World) -> None:
        minute_us = NOW_US // (60 * SECOND_US) * 60 * SECOND_US
        bars = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="1min")
        quote = ask(premium, "GLOBAL_QUOTE", minute_us - 1, symbol="AAPL")
        newest = next(iter(bars["Time Series (1min)"].values()))
        assert newest["4. close"] == quote["Global Quote"]["05. price"]

    def test_the_hour_that_a_clock_shows_twice_is_given_once(self, premium: World) -> None:
        after = microseconds(datetime(2026, 11, 1, 12, tzinfo=NEW_YORK))
        query = {"symbol": "AAPL", "interval": "1min", "outputsize": "full"}
        ours = ask(premium, "TIME_SERIES_INTRADAY", after, **query)
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

    def test_unknown_symbols_and_intervals_are_errors(self, premium: World) -> None:
        fx = ask(premium, "FX_INTRADAY", from_symbol="EUR", to_symbol="XYZ", interval="1min")
        stock = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="2min")
        assert fx["Error Message"].endswith("for FX_INTRADAY.")
        assert stock["Error Message"].endswith("for TIME_SERIES_INTRADAY.")


class TestRefusals:
    @pytest.mark.parametrize("key", ["", "invalid"])
    def test_a_bad_key(self, premium: World, key: str) -> None:
        answer = ask(premium, "GLOBAL_QUOTE", key=key, symbol="AAPL")
        assert answer["Error Message"].startswith("the parameter apikey is invalid or missing.")

    def test_the_demo_key(self, premium: World) -> None:
        answer = ask(premium, "GLOBAL_QUOTE", key="demo", symbol="AAPL")
        assert "demo purposes only" in answer["Information"]

    def test_an_unknown_function(self, premium: World) -> None:
        assert list(ask(premium, "NOTHING")) == ["Error Message"]

    def test_csv_is_not_accepted(self, premium: World) -> None:
        request = Request("", {"apikey": "k"}, {"accept": "text/csv"}, NOW_US)
        answer = alphavantage.respond(premium, request)
        assert answer.status == 406
        assert body(answer) == {"detail": "Could not satisfy the request Accept header."}

    @pytest.mark.parametrize("function", ["FX_INTRADAY", "TIME_SERIES_INTRADAY"])
    def test_premium_functions_on_the_free_plan(self, free: World, function: str) -> None:
        assert "This is a premium endpoint." in ask(free, function)["Information"]

    def test_a_second_call_within_a_second_on_the_free_plan(self, free: World) -> None:
        assert "Global Quote" in ask(free, "GLOBAL_QUOTE", symbol="KO")
        burst = ask(free, "GLOBAL_QUOTE", NOW_US + SECOND_US - 1, symbol="KO")
        assert "1 request per second" in burst["Information"]
        assert "Global Quote" in ask(free, "GLOBAL_QUOTE", NOW_US + SECOND_US, symbol="KO")

    def test_the_26th_call_of_a_day_on_the_free_plan(self, free: World) -> None:
        answers = [
            ask(free, "GLOBAL_QUOTE", NOW_US + n * SECOND_US, symbol="KO") for n in range(26)
        ]
        assert all("Global Quote" in answer for answer in answers[:25])
        assert "25 requests per day" in answers[25]["Information"]
        tomorrow = NOW_US + 24 * HOUR_US
        assert "Global Quote" in ask(free, "GLOBAL_QUOTE", tomorrow, symbol="KO")
        assert "Global Quote" in ask(free, "GLOBAL_QUOTE", key="another", symbol="KO")

    def test_the_premium_plan_has_no_quota(self, premium: World) -> None:
        answers = [ask(premium, "GLOBAL_QUOTE", symbol="KO") for _ in range(60)]
        assert all("Global Quote" in answer for answer in answers)


_RATE_KEYS = ("5. Exchange Rate", "8. Bid Price", "9. Ask Price")


def _shape(value: Any) -> Any:
    """Keys in order and types, without the values."""
    if isinstance(value, dict):
        return [(key, _shape(inner)) for key, inner in value.items()]
    return type(value).__name__


def _assert_rows(rows: dict[str, dict[str, str]], places: int, keys: list[str]) -> None:
    assert list(rows) == sorted(rows, reverse=True)
    for row in rows.values():
        assert list(row) == keys
        opened, high, low, close = (Decimal(text) for text in row.values())
        assert 0 < low <= min(opened, close)
        assert max(opened, close) <= high
        assert {len(text.split(".")[1]) for text in row.values()} == {places}


def test_times_of_stocks_are_new_york_wall_times(premium: World) -> None:
    ours = ask(premium, "TIME_SERIES_INTRADAY", symbol="AAPL", interval="1min")
    newest = datetime.fromisoformat(next(iter(ours["Time Series (1min)"])))
    age = datetime_of(NOW_US) - newest.replace(tzinfo=NEW_YORK)
    assert timedelta(minutes=1) <= age < timedelta(minutes=2)
