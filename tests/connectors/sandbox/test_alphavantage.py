"""Who may ask Alpha Vantage's sandbox what, how often, and what the others are told."""

import pytest

from connectors.sandbox import alphavantage
from connectors.sandbox.wire import Request, World
from tests.connectors.sandbox.alphavantage_asking import HOUR_US, SECOND_US, ask, lines
from tests.connectors.sandbox.conftest import NOW_US, body, get


class TestRefusals:
    @pytest.mark.parametrize("key", ["", "invalid"])
    def test_a_bad_key(self, premium: World, key: str) -> None:
        answer = ask(premium, "GLOBAL_QUOTE", key=key, symbol="AAPL")
        assert answer["Error Message"].startswith("the parameter apikey is invalid or missing.")

    def test_the_demo_key(self, premium: World) -> None:
        answer = ask(premium, "GLOBAL_QUOTE", key="demo", symbol="AAPL")
        assert "demo purposes only" in answer["Information"]

    def test_the_demo_key_answers_the_documented_examples(self, free: World) -> None:
        for _ in range(30):
            assert "Global Quote" in ask(free, "GLOBAL_QUOTE", key="demo", symbol="IBM")
        answer = ask(free, "GLOBAL_QUOTE", key="demo", symbol="IBM", datatype="csv")
        assert list(answer) == ["Information"]

    def test_an_unknown_function(self, premium: World) -> None:
        assert list(ask(premium, "NOTHING")) == ["Error Message"]

    def test_csv_is_not_accepted(self, premium: World) -> None:
        request = Request("", {"apikey": "k"}, {"accept": "text/csv"}, NOW_US)
        answer = alphavantage.respond(premium, request)
        assert answer.status == 406
        assert body(answer) == {"detail": "Could not satisfy the request Accept header."}

    def test_another_path_is_not_there(self, premium: World) -> None:
        assert alphavantage.respond(premium, get("quote", apikey="k")).status == 404

    @pytest.mark.parametrize(
        ("function", "query"),
        [
            ("TIME_SERIES_INTRADAY", {}),
            ("FX_INTRADAY", {}),
            ("CRYPTO_INTRADAY", {}),
            ("REALTIME_BULK_QUOTES", {}),
            ("TIME_SERIES_DAILY_ADJUSTED", {}),
            ("TIME_SERIES_DAILY", {"symbol": "KO", "outputsize": "full"}),
            ("GLOBAL_QUOTE", {"symbol": "KO", "entitlement": "realtime"}),
        ],
    )
    def test_what_the_free_plan_does_not_hold(
        self, free: World, function: str, query: dict[str, str]
    ) -> None:
        assert "This is a premium endpoint." in ask(free, function, **query)["Information"]

    @pytest.mark.parametrize(
        ("function", "query"),
        [
            ("GLOBAL_QUOTE", {"symbol": "KO"}),
            ("TIME_SERIES_DAILY", {"symbol": "KO", "outputsize": "compact"}),
            ("TIME_SERIES_WEEKLY", {"symbol": "KO"}),
            ("FX_DAILY", {"from_symbol": "EUR", "to_symbol": "USD", "outputsize": "full"}),
            ("CURRENCY_EXCHANGE_RATE", {"from_currency": "EUR", "to_currency": "USD"}),
            ("DIGITAL_CURRENCY_MONTHLY", {"symbol": "BTC", "market": "USD"}),
            ("SYMBOL_SEARCH", {"keywords": "tesla"}),
            ("MARKET_STATUS", {}),
        ],
    )
    def test_what_the_free_plan_holds(
        self, free: World, function: str, query: dict[str, str]
    ) -> None:
        answer = ask(free, function, **query)
        assert answer.keys().isdisjoint({"Information", "Error Message"})

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

    def test_a_used_up_quota_is_said_in_three_ways(self, free: World) -> None:
        query = {"key": "CANARY0123456789", "symbol": "KO"}
        for n in range(25):
            ask(free, "GLOBAL_QUOTE", NOW_US + n * SECOND_US, **query)
        said = {
            ask(free, "GLOBAL_QUOTE", NOW_US + n * SECOND_US, **query)["Information"]
            for n in range(25, 27)
        }
        assert len(said) == 2
        assert sum("detected your API key as CANARY0123456789 and" in text for text in said) == 1

    def test_a_used_up_quota_is_a_row_of_letters_in_a_table(self, free: World) -> None:
        at_us = [NOW_US + n * SECOND_US for n in range(26)]
        tables = [lines(free, "TIME_SERIES_DAILY", at, symbol="KO") for at in at_us]
        assert [len(table) for table in tables[:25]] == [101] * 25
        assert tables[25] == [tables[0][0], "I,n,f,o,r,m,a"]

    def test_the_premium_plan_has_no_quota(self, premium: World) -> None:
        answers = [ask(premium, "GLOBAL_QUOTE", symbol="KO") for _ in range(60)]
        assert all("Global Quote" in answer for answer in answers)
