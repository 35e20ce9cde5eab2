"""Quotes and rates of Alpha Vantage, against the recorded responses and the contract sheet."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.alphavantage_quotes import BULK_NAMES, QUOTE_HEADER
from connectors.sandbox.wire import World
from market.clock import microseconds
from tests.connectors.sandbox.alphavantage_asking import HOUR_US, SECOND_US, ask, lines, shape
from tests.connectors.sandbox.conftest import NOW_US

Recorded = Callable[[str], Any]
RATE_KEYS = ("5. Exchange Rate", "8. Bid Price", "9. Ask Price")


class TestGlobalQuote:
    def test_it_has_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "GLOBAL_QUOTE", symbol="AAPL")
        theirs = recorded("alphavantage_codespore/time_series_quote.json")
        assert shape(ours) == shape(theirs)

    def test_its_numbers_agree_with_one_another(self, premium: World) -> None:
        for symbol in ("AAPL", "KO", "NVDA"):
            quote = ask(premium, "GLOBAL_QUOTE", symbol=symbol, entitlement="realtime")[
                "Global Quote"
            ]
            price, previous = Decimal(quote["05. price"]), Decimal(quote["08. previous close"])
            assert quote["01. symbol"] == symbol
            assert Decimal(quote["09. change"]) == price - previous
            assert quote["10. change percent"] == f"{(price / previous - 1) * 100:.4f}%"
            low, high = Decimal(quote["04. low"]), Decimal(quote["03. high"])
            assert low <= min(price, Decimal(quote["02. open"]))
            assert high >= max(price, Decimal(quote["02. open"]))
            assert quote["07. latest trading day"] == "2026-11-24"
            assert int(quote["06. volume"]) > 0

    def test_price_and_volume_move_for_who_is_entitled(self, premium: World) -> None:
        quotes = [
            ask(
                premium,
                "GLOBAL_QUOTE",
                NOW_US + s * SECOND_US,
                symbol="AAPL",
                entitlement="realtime",
            )
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

    def test_without_an_entitlement_the_premium_plan_is_end_of_day_too(
        self, premium: World
    ) -> None:
        quote = ask(premium, "GLOBAL_QUOTE", symbol="AAPL")["Global Quote"]
        assert quote["07. latest trading day"] == "2026-11-23"

    def test_a_delayed_entitlement_renames_the_envelope(self, premium: World) -> None:
        ours = ask(premium, "GLOBAL_QUOTE", symbol="AAPL", entitlement="delayed")
        past_us = NOW_US - 900 * SECOND_US
        past = ask(premium, "GLOBAL_QUOTE", past_us, symbol="AAPL", entitlement="realtime")
        assert ours == {"Global Quote - DATA DELAYED BY 15 MINUTES": past["Global Quote"]}

    def test_a_table_says_the_same(self, premium: World) -> None:
        quote = ask(premium, "GLOBAL_QUOTE", symbol="KO")["Global Quote"]
        header, row = lines(premium, "GLOBAL_QUOTE", symbol="KO")
        assert header == QUOTE_HEADER
        assert row.split(",") == list(quote.values())

    def test_an_unknown_symbol_is_an_empty_object(self, premium: World) -> None:
        for symbol in ("NOPE", "EUR-USD", ""):
            assert ask(premium, "GLOBAL_QUOTE", symbol=symbol) == {"Global Quote": {}}


class TestBulkQuotes:
    def test_a_row_for_each_known_symbol(self, premium: World) -> None:
        ours = ask(premium, "REALTIME_BULK_QUOTES", symbol="AAPL,NOPE,ko,EUR-USD")
        assert list(ours) == ["endpoint", "message", "data"]
        apple, coke = ours["data"]
        assert list(apple) == BULK_NAMES
        assert [apple["symbol"], coke["symbol"]] == ["AAPL", "KO"]
        assert apple["timestamp"] == "2026-11-24 10:04:05.678"
        assert apple["extended_hours_quote"] == ""
        assert all(isinstance(text, str) for text in apple.values())

    def test_it_agrees_with_the_global_quote(self, premium: World) -> None:
        (row,) = ask(premium, "REALTIME_BULK_QUOTES", symbol="AAPL")["data"]
        quote = ask(premium, "GLOBAL_QUOTE", symbol="AAPL", entitlement="realtime")["Global Quote"]
        names = {"close": "05. price", "volume": "06. volume", "change": "09. change"}
        assert {name: row[name] for name in names} == {
            name: quote[other] for name, other in names.items()
        }

    def test_delayed_rows_are_a_quarter_of_an_hour_old(self, premium: World) -> None:
        (row,) = ask(premium, "REALTIME_BULK_QUOTES", symbol="AAPL", entitlement="delayed")["data"]
        assert row["timestamp"] == "2026-11-24 09:49:05.678"

    def test_what_is_beyond_a_hundred_is_ignored(self, premium: World) -> None:
        symbols = ",".join(["NOPE"] * 100 + ["AAPL"])
        assert ask(premium, "REALTIME_BULK_QUOTES", symbol=symbols)["data"] == []

    def test_a_table_says_the_same(self, premium: World) -> None:
        (row,) = ask(premium, "REALTIME_BULK_QUOTES", symbol="AAPL")["data"]
        assert lines(premium, "REALTIME_BULK_QUOTES", symbol="AAPL") == [
            ",".join(BULK_NAMES),
            ",".join(row.values()),
        ]


class TestExchangeRate:
    def test_it_has_the_recorded_shape(self, premium: World, recorded: Recorded) -> None:
        ours = ask(premium, "CURRENCY_EXCHANGE_RATE", from_currency="USD", to_currency="JPY")
        theirs = recorded("alphavantage_codespore/forex_exchange_rates.json")
        assert shape(ours) == shape(theirs)
        fields = ours["Realtime Currency Exchange Rate"]
        assert fields["2. From_Currency Name"] == "United States Dollar"
        assert fields["4. To_Currency Name"] == "Japanese Yen"
        assert fields["6. Last Refreshed"] == "2026-11-24 15:04:05"
        assert all(len(fields[key].split(".")[1]) == 8 for key in RATE_KEYS)

    def test_the_rate_lies_between_bid_and_ask(self, premium: World) -> None:
        for pair in ("EUR-USD", "BTC-USD", "SHIB-USD", "NOK-SEK"):
            base, quote = pair.split("-")
            answer = ask(premium, "CURRENCY_EXCHANGE_RATE", from_currency=base, to_currency=quote)[
                "Realtime Currency Exchange Rate"
            ]
            rate, bid, ask_ = (Decimal(answer[key]) for key in RATE_KEYS)
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
