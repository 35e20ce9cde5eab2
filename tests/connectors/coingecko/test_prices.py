"""simple/price: exact rates at the provider's own times, each coin for itself."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from connectors.coingecko.coins import covered
from connectors.coingecko.prices import price_request
from connectors.errors import ConnectorError, UnknownAtProviderError
from market.errors import MarketError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.coingecko.samples import (
    EDITS,
    HOSTS,
    MANY,
    SOURCE,
    Edit,
    edited,
    example,
    instrument,
    parsed,
)
from tests.connectors.support import response

SEVERAL = (
    b'{"bitcoin":{"usd":76975,"usd_24h_vol":29.5,"last_updated_at":1779092258},'
    b'"pepe":{"usd":1.234e-07,"last_updated_at":1779092257},'
    b'"stellar":{"last_updated_at":1779092256,"usd":"0.10"}}'
)


def prices(payload: bytes | str) -> Parsed:
    return parsed("simple/price", payload, MANY)


class TestParse:
    def test_prices_are_exact_as_written(self) -> None:
        outcome = prices(SEVERAL)
        assert outcome.refused == ()
        assert outcome.ticks.rows() == [
            Tick(seconds * 1_000_000, instrument(symbol), SOURCE, RATE, price=Decimal(price))
            for symbol, price, seconds in [
                ("BTC-USD", "76975", 1779092258),
                ("PEPE-USD", "0.0000001234", 1779092257),
                ("XLM-USD", "0.1", 1779092256),
            ]
        ]

    @pytest.mark.parametrize("host", HOSTS)
    def test_the_documented_answer(self, host: str) -> None:
        outcome = prices(example(host, "/simple/price"))
        assert outcome.refused == ()
        (tick,) = outcome.ticks.rows()
        assert (tick.price, tick.time_us) == (76975, 1_779_092_258_000_000)

    @pytest.mark.parametrize("host", HOSTS)
    def test_prices_of_contracts_are_none_of_ours(self, host: str) -> None:
        outcome = prices(example(host, "/simple/token_price/{id}"))
        assert len(outcome.ticks) == 0
        assert all("unknown symbol" in each.reason for each in outcome.refused)

    def test_the_recorded_price_without_a_time_is_refused(self) -> None:
        outcome = prices(response("coingecko_jkorf/GetPrices.txt"))
        assert len(outcome.ticks) == 0
        (refusal,) = outcome.refused
        assert "last_updated_at" in refusal.reason
        assert refusal.excerpt == '"ethereum":{"usd":1498.64}'

    def test_the_recorded_price_with_its_time_is_exact(self) -> None:
        payload = response("coingecko_jkorf/GetPrices.txt").strip()
        payload = payload.replace(b"1498.64", b'1498.64,"last_updated_at":1711983682')
        assert prices(payload).ticks.rows()[0].price == Decimal("1498.64")

    @pytest.mark.parametrize(
        "fields",
        [
            *(f'"usd":{value},"last_updated_at":1779092258' for value in
              ("null", "0", "-1", "true", '"x"', "{}", "1e-400", '"NaN"', '"Infinity"')),
            '"last_updated_at":1779092258',
            *(f'"usd":1,"last_updated_at":{value}' for value in ("null", "0", "-1", "true", "{}")),
        ],
    )  # fmt: skip
    def test_what_is_no_price_is_refused_alone(self, fields: str) -> None:
        outcome = prices(f'{{"bitcoin":{{{fields}}},"pepe":{{"usd":1,"last_updated_at":1}}}}')
        assert outcome.ticks.instrument.tolist() == [instrument("PEPE-USD")]
        (refusal,) = outcome.refused
        assert refusal.excerpt == f'"bitcoin":{{{fields}}}'

    def test_a_missing_coin_is_no_error(self) -> None:
        outcome = prices("{}")
        assert (len(outcome.ticks), outcome.refused) == (0, ())

    def test_a_coin_that_we_do_not_carry_is_refused(self) -> None:
        (refusal,) = prices('{"zcn":{"usd":1,"last_updated_at":1779092258}}').refused
        assert refusal.reason == "unknown symbol: zcn-USD"

    def test_an_error_under_200_gives_no_tick(self) -> None:
        with pytest.raises(UnknownAtProviderError):
            prices('{"error":"coin not found"}')

    @settings(deadline=None, max_examples=500)
    @given(EDITS)
    def test_no_edit_makes_a_price_of_what_is_none(self, edits: list[Edit]) -> None:
        try:
            ticks = prices(edited(SEVERAL, edits)).ticks
        except (ConnectorError, MarketError):
            return
        assert (ticks.price > 0).all()
        assert (ticks.time > 0).all()


class TestRequest:
    def test_one_call_asks_for_all_coins(self) -> None:
        request = price_request("http://x/api/v3", covered(CATALOGUE))
        assert request.url == "http://x/api/v3/simple/price"
        assert request.params == {
            "ids": "bitcoin,ethereum,polkadot,cosmos,uniswap,monero,stellar,shiba-inu,pepe",
            "vs_currencies": "usd",
            "include_last_updated_at": "true",
            "precision": "full",
        }

    def test_the_log_keeps_who_was_asked_for(self) -> None:
        request = price_request("http://x", [CATALOGUE.by_symbol("BTC-USD")])
        assert (request.kind, request.context) == ("simple/price", MANY)
