"""Alpha Vantage's answers, recorded and documented, become ticks, bars or typed errors."""

import json
from decimal import Decimal

import pytest

from connectors.alphavantage import (
    check,
    context_of,
    history_request,
    live_request,
    parse_exchange_rate,
    parse_fx_intraday,
    parse_global_quote,
    parse_series,
    parse_stock_intraday,
)
from connectors.answers import Answer
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from market.bars import LAST, MID, Bar
from market.errors import MarketError, UnknownSymbolError
from market.instruments import CATALOGUE, AssetClass, Instrument, InstrumentTable
from market.log import LogRecord
from market.ticks import QUOTE, RATE, Tick
from tests.connectors.support import NOW_US, record, response, us

SOURCE = 21
ABOUT = "https://www.alphavantage.co/premium/"
PREMIUM = "instantly unlock all premium endpoints"
ERRORS = [
    ({"Error Message": "Invalid API call. Please retry or visit"}, UnknownAtProviderError),
    ({"Error Message": "the parameter apikey is invalid or missing."}, BadKeyError),
    (
        {"Information": f"Our standard API rate limit is 25 requests per day. {ABOUT}"},
        QuotaExceededError,
    ),
    (
        {
            "Information": "We have detected your API key as CANARY123 and our standard API rate "
            f"limit is 25 requests per day. {ABOUT}"
        },
        QuotaExceededError,
    ),
    (
        {
            "Information": "Please consider spreading out your free API requests more sparingly (1 "
            "request per second). You may subscribe to lift the free key rate limit (25 requests "
            f"per day), raise the per-second burst limit, and {PREMIUM}"
        },
        BurstError,
    ),
    ({"Information": f"This is a premium endpoint. You may subscribe to {PREMIUM}"}, PremiumError),
    ({"Information": "The **demo** API key is for demo purposes only."}, BadKeyError),
    (
        {"Note": "Our standard API call frequency is 5 calls per minute and 500 calls per day."},
        BurstError,
    ),
    ({"Information": "something new"}, MalformedError),
    ({}, MalformedError),
    ({"Global Quote": {}}, UnknownAtProviderError),
    ({"Realtime Currency Exchange Rate": {}}, UnknownAtProviderError),
]


def instrument(symbol: str) -> int:
    return CATALOGUE.by_symbol(symbol).id


def av(kind: str, payload: bytes | str, received_us: int = NOW_US, context: str = "") -> LogRecord:
    return record("alphavantage", kind, payload, context, received_us)


class TestGlobalQuote:
    @pytest.mark.parametrize(
        ("name", "symbol", "price"),
        [
            ("alphavantage_romeltorres/global_quote", "MSFT", "112.13"),
            ("alphavantage_codespore/time_series_quote.json", "TSLA", "729.4"),
        ],
    )
    def test_a_recorded_quote_is_a_rate_at_its_receive_time(
        self, name: str, symbol: str, price: str
    ) -> None:
        outcome = parse_global_quote(av("GLOBAL_QUOTE", response(name)), CATALOGUE)
        expected = Tick(NOW_US, instrument(symbol), SOURCE, RATE, price=Decimal(price))
        assert outcome.ticks.rows() == [expected]

    def test_delayed_data_carry_another_key(self) -> None:
        body = {
            "Global Quote - DATA DELAYED BY 15 MINUTES": {"01. symbol": "V", "05. price": "3.10"}
        }
        outcome = parse_global_quote(av("GLOBAL_QUOTE", json.dumps(body)), CATALOGUE)
        assert outcome.ticks.rows()[0].price == Decimal("3.1")

    @pytest.mark.parametrize("price", ["0.0000", "-1", "None", "NaN", ""])
    def test_what_is_no_price_raises(self, price: str) -> None:
        body = {"Global Quote": {"01. symbol": "V", "05. price": price}}
        with pytest.raises(MarketError, match="not a price"):
            parse_global_quote(av("GLOBAL_QUOTE", json.dumps(body)), CATALOGUE)

    def test_a_stock_that_we_do_not_carry_raises(self) -> None:
        body = {"Global Quote": {"01. symbol": "ZZZ", "05. price": "1"}}
        with pytest.raises(UnknownSymbolError):
            parse_global_quote(av("GLOBAL_QUOTE", json.dumps(body)), CATALOGUE)


class TestExchangeRate:
    def test_a_recorded_rate_with_bid_and_ask_is_a_quote(self) -> None:
        payload = response("alphavantage_codespore/forex_exchange_rates.json")
        outcome = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE)
        time_us = us("2021-04-25T02:21:59")
        bid, ask = Decimal("107.8606"), Decimal("107.8693")
        expected = Tick(time_us, instrument("USD-JPY"), SOURCE, QUOTE, bid=bid, ask=ask)
        assert outcome.ticks.rows() == [expected]

    def test_the_recorded_shape_of_2017_is_a_rate(self) -> None:
        table = InstrumentTable(
            [Instrument(1, "BTC-CNY", "Bitcoin", AssetClass.CRYPTO, "BTC", "CNY", 2)]
        )
        payload = response("alphavantage_romeltorres/mock_foreign_exchange")
        outcome = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), table)
        price = Decimal("109631.430607")
        expected = Tick(us("2017-12-20T19:23:21"), 1, SOURCE, RATE, price=price)
        assert outcome.ticks.rows() == [expected]

    def test_a_dash_for_bid_and_ask_leaves_a_rate(self) -> None:
        payload = response("alphavantage_codespore/forex_exchange_rates.json")
        payload = payload.replace(b'"107.86060000"', b'"-"').replace(b'"107.86930000"', b'"-"')
        outcome = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE)
        assert outcome.ticks.row(0).price == Decimal("107.865")

    @pytest.mark.parametrize("change", [(b"UTC", b"Mars"), (b"2021-04-25", b"25.4.2021")])
    def test_a_time_that_cannot_be_placed_raises(self, change: tuple[bytes, bytes]) -> None:
        payload = response("alphavantage_codespore/forex_exchange_rates.json").replace(*change)
        with pytest.raises(MalformedError, match="time"):
            parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE)


class TestIntraday:
    def test_the_recorded_minutes_of_a_stock(self) -> None:
        payload = response("alphavantage_romeltorres/mock_time_series")
        bars = parse_stock_intraday(av("TIME_SERIES_INTRADAY", payload), CATALOGUE).bars.rows()
        assert len(bars) == 100
        assert bars == sorted(bars, key=lambda bar: bar.time_us)
        prices = (Decimal("86.49"), Decimal("86.5"), Decimal("86.475"), Decimal("86.5"))
        winter_us = us("2017-12-18T19:56:00")
        assert bars[-1] == Bar(
            winter_us, instrument("MSFT"), SOURCE, LAST, *prices, volume=Decimal(10494)
        )

    def test_recorded_bars_of_five_minutes_in_summer_time(self) -> None:
        payload = response("alphavantage_codespore/time_series_intraday.json")
        record_ = av("TIME_SERIES_INTRADAY", payload)
        bars = parse_series(record_, CATALOGUE, LAST, "5min").bars.rows()
        assert [bar.time_us for bar in bars] == [
            us("2021-04-23T23:55:00"),
            us("2021-04-24T00:00:00"),
        ]
        assert [bar.close for bar in bars] == [Decimal("730.28"), Decimal("730.1")]
        assert [bar.volume for bar in bars] == [3283, 5637]

    def test_recorded_bars_of_a_pair(self) -> None:
        payload = response("alphavantage_codespore/forex_intraday.json")
        bars = parse_series(av("FX_INTRADAY", payload), CATALOGUE, MID, "5min").bars.rows()
        price = Decimal("1.20965")
        time_us = us("2021-04-23T21:50:00")
        assert bars[0] == Bar(
            time_us,
            instrument("EUR-USD"),
            SOURCE,
            MID,
            price,
            price,
            price,
            price,
        )

    def test_bars_of_another_length_are_not_one_minute(self) -> None:
        payload = response("alphavantage_codespore/forex_intraday.json")
        with pytest.raises(MalformedError, match="no series of 1min bars"):
            parse_fx_intraday(av("FX_INTRADAY", payload), CATALOGUE)

    def test_bars_before_the_context_and_the_running_one_are_left_out(self) -> None:
        payload = response("alphavantage_romeltorres/mock_time_series")
        since_us, now_us = us("2017-12-18T19:50:00"), us("2017-12-18T19:56:59")
        record_ = av("TIME_SERIES_INTRADAY", payload, now_us, context_of("MSFT", since_us))
        times = parse_stock_intraday(record_, CATALOGUE).bars.time
        assert (times[0], times[-1]) == (since_us, us("2017-12-18T19:55:00"))

    def test_a_bad_bar_is_refused_alone(self) -> None:
        payload = response("alphavantage_romeltorres/mock_time_series")
        payload = payload.replace(b'"86.4900"', b'"0.0000"', 1)
        outcome = parse_stock_intraday(av("TIME_SERIES_INTRADAY", payload), CATALOGUE)
        assert len(outcome.bars) == 99
        (refusal,) = outcome.refused
        assert refusal.reason == "not a price: '0.0000'"
        assert refusal.excerpt.startswith('"2017-12-18 14:56:00":')

    def test_meta_data_without_a_series_is_malformed(self) -> None:
        with pytest.raises(MalformedError):
            parse_fx_intraday(av("FX_INTRADAY", '{"Meta Data":{"6. Time Zone":"UTC"}}'), CATALOGUE)


class TestErrors:
    @pytest.mark.parametrize(("body", "error"), ERRORS)
    def test_a_body_under_200_is_its_typed_error(
        self, body: dict[str, object], error: type[ConnectorError]
    ) -> None:
        payload = json.dumps(body).encode()
        with pytest.raises(error) as caught:
            check(Answer(200, payload, NOW_US), "GLOBAL_QUOTE IBM")
        assert "CANARY" not in str(caught.value) + repr(caught.value)
        for parser in (parse_global_quote, parse_exchange_rate, parse_fx_intraday):
            with pytest.raises(ConnectorError):
                parser(av("GLOBAL_QUOTE", payload), CATALOGUE)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(503, TransientError), (429, BurstError), (406, MalformedError), (200, MalformedError)],
    )
    def test_a_status_or_a_page_is_its_typed_error(
        self, status: int, error: type[ConnectorError]
    ) -> None:
        with pytest.raises(error):
            check(Answer(status, b"<html>", NOW_US), "GLOBAL_QUOTE IBM")

    def test_the_quota_lasts_until_the_next_day(self) -> None:
        body = b'{"Information":"25 requests per day"}'
        with pytest.raises(QuotaExceededError) as caught:
            check(Answer(200, body, us("2026-12-31T23:59:59")), "")
        assert caught.value.until_us == us("2027-01-01")

    def test_prices_are_no_error(self) -> None:
        payload = response("alphavantage_romeltorres/mock_time_series")
        check(Answer(200, payload, NOW_US), "TIME_SERIES_INTRADAY MSFT")


class TestRequests:
    def test_of_a_pair(self) -> None:
        pair = CATALOGUE.by_symbol("USD-JPY")
        live = live_request("http://x/query", pair)
        assert (live.kind, live.context) == (
            "CURRENCY_EXCHANGE_RATE",
            '{"symbol":"USD-JPY","since":0}',
        )
        assert live.params["from_currency"] == "USD"
        history = history_request("http://x/query", pair, 7)
        assert (history.kind, history.params["from_symbol"]) == ("FX_INTRADAY", "USD")
        assert history.context == '{"symbol":"USD-JPY","since":7}'

    def test_of_a_stock(self) -> None:
        stock = CATALOGUE.by_symbol("AAPL")
        assert live_request("http://x/query", stock).params == {
            "function": "GLOBAL_QUOTE",
            "symbol": "AAPL",
        }
        assert history_request("http://x/query", stock, 0).kind == "TIME_SERIES_INTRADAY"
