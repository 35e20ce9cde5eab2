"""Quotes and rates, recorded and documented, become ticks at their own times."""

import json
from decimal import Decimal

import pytest

from connectors.alphavantage.quotes import parse_exchange_rate, parse_global_quote, same_quote
from connectors.errors import MalformedError
from market.errors import MarketError, UnknownSymbolError
from market.instruments import CATALOGUE
from market.ticks import QUOTE, RATE, Tick
from tests.connectors.alphavantage.samples import (
    BTC_CNY,
    GOLD,
    OWN,
    SAMPLES,
    SOURCE,
    TESCO,
    av,
    recorded,
)
from tests.connectors.support import NOW_US, us

DELAYED = "Global Quote - DATA DELAYED BY 15 MINUTES"
CSV = (
    "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
    "TSLA,719.8,737.36,715.46,729.4,27879033,2021-04-23,719.69,9.71,1.3492%\r\n"
)
QUARTER_US = 900_000_000


def stock(symbol: str, price: str, **others: str) -> dict[str, object]:
    return {"Global Quote": {"01. symbol": symbol, "05. price": price, **others}}


class TestGlobalQuote:
    @pytest.mark.parametrize(
        ("name", "symbol", "price", "closed"),
        [
            ("global_quote", "MSFT", "112.13", "2018-10-05T20:00"),
            ("time_series_quote.json", "TSLA", "729.4", "2021-04-23T20:00"),
        ],
    )
    def test_a_recorded_quote_is_a_rate_at_its_day_s_close(
        self, name: str, symbol: str, price: str, closed: str
    ) -> None:
        parsed = parse_global_quote(av("GLOBAL_QUOTE", recorded(name)), CATALOGUE)
        instrument = CATALOGUE.by_symbol(symbol).id
        expected = Tick(us(closed), instrument, SOURCE, RATE, price=Decimal(price))
        assert parsed.ticks.rows() == [expected]

    @pytest.mark.parametrize("day", ["2026-11-24", "2026-11-25"])
    def test_a_quote_of_the_running_day_is_a_rate_at_its_receive_time(self, day: str) -> None:
        body = stock("V", "3.10", **{"07. latest trading day": day})
        (tick,) = parse_global_quote(av("GLOBAL_QUOTE", body), CATALOGUE).ticks.rows()
        assert tick.time_us == NOW_US

    def test_a_day_that_is_none_raises(self) -> None:
        body = stock("V", "3.10", **{"07. latest trading day": "yesterday"})
        with pytest.raises(MalformedError):
            parse_global_quote(av("GLOBAL_QUOTE", body), CATALOGUE)

    def test_a_delayed_quote_is_fifteen_minutes_old(self) -> None:
        body = {DELAYED: {"01. symbol": "V", "05. price": "3.10"}}
        (tick,) = parse_global_quote(av("GLOBAL_QUOTE", body), CATALOGUE).ticks.rows()
        assert (tick.time_us, tick.price) == (NOW_US - QUARTER_US, Decimal("3.1"))

    @pytest.mark.parametrize(("entitlement", "age_us"), [("", 0), ("delayed", QUARTER_US)])
    def test_a_table_says_in_its_context_that_it_is_delayed(
        self, entitlement: str, age_us: int
    ) -> None:
        context = json.dumps({"symbol": "TSLA", "entitlement": entitlement})
        record = av("GLOBAL_QUOTE", CSV.replace("2021-04-23", "2026-11-24"), context=context)
        (tick,) = parse_global_quote(record, CATALOGUE).ticks.rows()
        assert (tick.time_us, tick.price) == (NOW_US - age_us, Decimal("729.4"))

    def test_london_quotes_in_pence(self) -> None:
        for shown, pounds in (("441.7000", "4.417"), ("0.0150", "0.00015"), ("100", "1")):
            (tick,) = parse_global_quote(
                av("GLOBAL_QUOTE", stock("TSCO.LON", shown)), OWN
            ).ticks.rows()
            assert (tick.instrument, tick.price) == (TESCO.id, Decimal(pounds))

    def test_a_table_of_a_day_that_is_past_is_of_its_close(self) -> None:
        (tick,) = parse_global_quote(av("GLOBAL_QUOTE", CSV), CATALOGUE).ticks.rows()
        assert tick.time_us == us("2021-04-23T20:00")

    @pytest.mark.parametrize("price", ["0.0000", "-1", "None", "NaN", "", "inf", "1e3"])
    @pytest.mark.parametrize("symbol", ["V", "TSCO.LON"])
    def test_what_is_no_price_raises(self, symbol: str, price: str) -> None:
        if (symbol, price) == ("V", "1e3"):
            return  # a number, where there is no pound to make of it
        with pytest.raises(MarketError, match="not a price"):
            parse_global_quote(av("GLOBAL_QUOTE", stock(symbol, price)), OWN)

    def test_a_stock_that_we_do_not_carry_raises(self) -> None:
        with pytest.raises(UnknownSymbolError):
            parse_global_quote(av("GLOBAL_QUOTE", stock("ZZZ", "1")), CATALOGUE)

    @pytest.mark.parametrize("rows", ["TSLA,1\r\n", "TSLA\r\n"])
    def test_a_table_whose_row_does_not_fit_raises(self, rows: str) -> None:
        payload = CSV.partition("\n")[0] + "\n" + rows
        with pytest.raises(MalformedError):
            parse_global_quote(av("GLOBAL_QUOTE", payload), CATALOGUE)


class TestSameQuote:
    BEFORE = json.dumps(stock("V", "3.10", **{"06. volume": "5", "09. change": "1"})).encode()

    @pytest.mark.parametrize(
        ("price", "volume", "same"),
        [("3.10", "5", True), ("3.11", "5", False), ("3.10", "6", False)],
    )
    def test_price_and_volume_decide(self, price: str, volume: str, same: bool) -> None:
        after = stock("V", price, **{"06. volume": volume, "09. change": "2"})
        assert same_quote(self.BEFORE, json.dumps(after).encode()) is same

    def test_of_tables(self) -> None:
        before, after = CSV.encode(), CSV.replace("9.71", "9.72").encode()
        assert same_quote(before, after)
        assert not same_quote(before, CSV.replace("729.4", "729.5").encode())

    @pytest.mark.parametrize("other", [b"", b"{}", b"[1]", b"symbol,price\n\xff", b"symbol,price"])
    def test_what_is_no_quote_is_the_same_as_itself_alone(self, other: bytes) -> None:
        assert same_quote(other, other)
        assert not same_quote(self.BEFORE, other)
        assert not same_quote(other, self.BEFORE)


class TestExchangeRate:
    def test_a_recorded_rate_with_bid_and_ask_is_a_quote(self) -> None:
        payload = recorded("forex_exchange_rates.json")
        parsed = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE)
        time_us, pair = us("2021-04-25T02:21:59"), CATALOGUE.by_symbol("USD-JPY").id
        bid, ask = Decimal("107.8606"), Decimal("107.8693")
        assert parsed.ticks.rows() == [Tick(time_us, pair, SOURCE, QUOTE, bid=bid, ask=ask)]

    def test_the_recorded_shape_of_2017_is_a_rate(self) -> None:
        payload = recorded("mock_foreign_exchange")
        parsed = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), OWN)
        price = Decimal("109631.430607")
        expected = Tick(us("2017-12-20T19:23:21"), BTC_CNY.id, SOURCE, RATE, price=price)
        assert parsed.ticks.rows() == [expected]

    def test_a_metal_has_no_name_and_no_spread(self) -> None:
        body = {
            "Realtime Currency Exchange Rate": {
                "1. From_Currency Code": "XAU",
                "2. From_Currency Name": None,
                "3. To_Currency Code": "USD",
                "4. To_Currency Name": None,
                "5. Exchange Rate": "4081.19000000",
                "6. Last Refreshed": "2025-11-14 21:43:02",
                "7. Time Zone": "UTC",
                "8. Bid Price": "4081.19000000",
                "9. Ask Price": "4081.19000000",
            }
        }
        (tick,) = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", body), OWN).ticks.rows()
        price = Decimal("4081.19")
        assert (tick.instrument, tick.kind, tick.bid, tick.ask) == (GOLD.id, QUOTE, price, price)

    @pytest.mark.parametrize("one", [b'"-"', b"null", b'"0.00000000"'])
    def test_without_bid_or_ask_it_is_a_rate(self, one: bytes) -> None:
        payload = SAMPLES["CURRENCY_EXCHANGE_RATE"].replace(b'"107.86060000"', one)
        (tick,) = parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE).ticks.rows()
        assert (tick.kind, tick.price, tick.bid) == (RATE, Decimal("107.865"), None)

    @pytest.mark.parametrize("change", [(b"UTC", b"Mars"), (b"2021-04-25", b"25.4.2021")])
    def test_a_time_that_cannot_be_placed_raises(self, change: tuple[bytes, bytes]) -> None:
        payload = SAMPLES["CURRENCY_EXCHANGE_RATE"].replace(*change)
        with pytest.raises(MalformedError, match="time"):
            parse_exchange_rate(av("CURRENCY_EXCHANGE_RATE", payload), CATALOGUE)
