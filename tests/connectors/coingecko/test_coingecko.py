"""CoinGecko's answers, recorded and documented, become rates or typed errors."""

from decimal import Decimal

import pytest

from connectors.answers import Answer
from connectors.coingecko import (
    chart_request,
    check,
    covered,
    parse_market_chart,
    parse_simple_price,
    price_request,
)
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    TransientError,
    UnknownAtProviderError,
)
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.support import NOW_US, record, response, us

CODED = '{"status":{"timestamp":"x","error_code":%d,"error_message":"x"}}'
ERRORS = [
    (429, CODED % 429, BurstError),
    (200, CODED % 429, BurstError),
    (401, '{"error":%s}' % (CODED % 10012), PremiumError),
    (401, CODED % 10002, BadKeyError),
    (400, '{"timestamp":"x","error_code":10010,"status":{"error_message":"x"}}', BadKeyError),
    (400, '{"timestamp":"x","error_code":10011,"status":{"error_message":"x"}}', BadKeyError),
    (401, CODED % 10005, PremiumError),
    (400, '{"error":"invalid vs_currency"}', UnknownAtProviderError),
    (404, '{"error":"coin not found"}', UnknownAtProviderError),
    (422, '{"error":"Missing parameter vs_currency"}', UnknownAtProviderError),
    (404, CODED % 10013, UnknownAtProviderError),
    (403, "<html>1020", TransientError),
    (408, "", TransientError),
    (503, "<html>", TransientError),
    (200, "<html>", MalformedError),
]


def instrument(symbol: str) -> int:
    return CATALOGUE.by_symbol(symbol).id


def prices(payload: bytes | str) -> Parsed:
    return parse_simple_price(record("coingecko", "simple/price", payload), CATALOGUE)


def chart(payload: bytes | str, context: str = '{"id":"ethereum","vs":"usd"}') -> Parsed:
    return parse_market_chart(record("coingecko", "market_chart", payload, context), CATALOGUE)


class TestSimplePrice:
    def test_prices_are_exact_as_written(self) -> None:
        outcome = prices(
            '{"bitcoin":{"usd":76975,"usd_24h_vol":29.5,"last_updated_at":1779092258},'
            '"pepe":{"usd":1.234e-07,"last_updated_at":1779092257},'
            '"stellar":{"last_updated_at":1779092256,"usd":"0.10"}}'
        )
        assert outcome.refused == ()
        assert outcome.ticks.rows() == [
            Tick(seconds * 1_000_000, instrument(symbol), 31, RATE, price=Decimal(price))
            for symbol, price, seconds in [
                ("BTC-USD", "76975", 1779092258),
                ("PEPE-USD", "0.0000001234", 1779092257),
                ("XLM-USD", "0.1", 1779092256),
            ]
        ]

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

    @pytest.mark.parametrize("value", ["null", "0", "-1", "true", '"x"', "{}"])
    def test_what_is_no_price_is_refused_alone(self, value: str) -> None:
        outcome = prices(
            f'{{"bitcoin":{{"usd":{value},"last_updated_at":1779092258}},'
            '"pepe":{"usd":1,"last_updated_at":1779092258}}'
        )
        assert outcome.ticks.instrument.tolist() == [instrument("PEPE-USD")]
        assert len(outcome.refused) == 1

    def test_a_missing_coin_is_no_error(self) -> None:
        outcome = prices("{}")
        assert (len(outcome.ticks), outcome.refused) == (0, ())

    def test_a_coin_that_we_do_not_carry_is_refused(self) -> None:
        (refusal,) = prices('{"zcn":{"usd":1,"last_updated_at":1779092258}}').refused
        assert refusal.reason == "unknown symbol: zcn-USD"


class TestMarketChart:
    def test_the_recorded_points_keep_their_times(self) -> None:
        outcome = chart(response("coingecko_jkorf/GetMarketChart.txt"))
        assert outcome.refused == ()
        assert outcome.ticks.rows() == [
            Tick(us(time), instrument("ETH-USD"), 31, RATE, price=Decimal(price))
            for time, price in [
                ("2024-03-31T00:00:00", "69702.3087473573"),
                ("2024-04-01T00:00:00", "71246.9514406015"),
                ("2024-04-01T15:01:22", "68887.7495158568"),
            ]
        ]

    @pytest.mark.parametrize("point", ["[1711843200000,null]", "[true,1]", "[1]", "1", "[0,1]"])
    def test_a_bad_point_is_refused_alone(self, point: str) -> None:
        outcome = chart(f'{{"prices":[[1711843200000,1.5],{point}]}}')
        assert len(outcome.ticks) == 1
        assert [each.excerpt for each in outcome.refused] == [point]

    def test_an_unknown_coin_or_context_raises(self) -> None:
        with pytest.raises(UnknownSymbolError):
            chart('{"prices":[]}', '{"id":"zcn","vs":"usd"}')
        with pytest.raises(MalformedError):
            chart('{"prices":[]}', "")
        with pytest.raises(MalformedError):
            chart('{"points":[]}')


class TestErrors:
    @pytest.mark.parametrize(("status", "body", "error"), ERRORS)
    def test_each_shape_is_its_typed_error(
        self, status: int, body: str, error: type[ConnectorError]
    ) -> None:
        with pytest.raises(error):
            check(Answer(status, body.encode(), NOW_US), "simple/price")

    def test_an_error_under_200_gives_no_tick(self) -> None:
        with pytest.raises(UnknownAtProviderError):
            prices('{"error":"coin not found"}')

    def test_retry_after_is_kept(self) -> None:
        with pytest.raises(BurstError, match="again in 53 s"):
            check(Answer(429, b"", NOW_US, 53.0), "simple/price")


class TestRequests:
    def test_one_call_asks_for_all_coins(self) -> None:
        coins = covered(CATALOGUE)
        assert len(coins) == 9
        request = price_request("http://x/api/v3", coins)
        assert request.url == "http://x/api/v3/simple/price"
        assert request.params["ids"].startswith("bitcoin,ethereum,polkadot")
        assert request.params["precision"] == "full"
        assert request.params["include_last_updated_at"] == "true"

    def test_a_chart_names_its_coin(self) -> None:
        request = chart_request("http://x/api/v3", CATALOGUE.by_symbol("SHIB-USD"))
        assert request.url == "http://x/api/v3/coins/shiba-inu/market_chart"
        assert request.context == '{"id":"shiba-inu","vs":"usd"}'
