"""market_chart: points at their own times, in requests of days or from one time to another."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from connectors.coingecko.charts import chart_request, range_request
from connectors.errors import ConnectorError, MalformedError, PremiumError
from market.errors import MarketError, UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.coingecko.samples import (
    EDITS,
    HOSTS,
    ONE,
    SOURCE,
    Edit,
    edited,
    example,
    instrument,
    parsed,
)
from tests.connectors.support import response, us

ETHER = '{"id":"ethereum","vs":"usd"}'
SHIB = CATALOGUE.by_symbol("SHIB-USD")


def chart(payload: bytes | str, context: str = ETHER) -> Parsed:
    return parsed("market_chart", payload, context)


class TestParse:
    def test_the_recorded_points_keep_their_times(self) -> None:
        outcome = chart(response("coingecko_jkorf/GetMarketChart.txt"))
        assert outcome.refused == ()
        assert outcome.ticks.rows() == [
            Tick(us(time), instrument("ETH-USD"), SOURCE, RATE, price=Decimal(price))
            for time, price in [
                ("2024-03-31T00:00:00", "69702.3087473573"),
                ("2024-04-01T00:00:00", "71246.9514406015"),
                ("2024-04-01T15:01:22", "68887.7495158568"),
            ]
        ]

    @pytest.mark.parametrize("host", HOSTS)
    @pytest.mark.parametrize("path", ["market_chart", "market_chart/range"])
    def test_the_documented_points(self, host: str, path: str) -> None:
        outcome = chart(example(host, f"/coins/{{id}}/{path}"), ONE)
        assert outcome.refused == ()
        assert [(tick.time_us, tick.price) for tick in outcome.ticks.rows()] == [
            (1_779_027_899_041_000, Decimal("77953.82550382407")),
            (1_779_028_199_661_000, Decimal("78052.87543398788")),
        ]

    @pytest.mark.parametrize(
        "point",
        ["[1711843200000,null]", "[true,1]", "[1]", "1", "[0,1]", "[null,1]", "null", "[1,-1]"],
    )
    def test_a_bad_point_is_refused_alone(self, point: str) -> None:
        outcome = chart(f'{{"prices":[[1711843200000,1.5],{point}]}}')
        assert len(outcome.ticks) == 1
        assert [each.excerpt for each in outcome.refused] == [point]

    def test_an_unknown_coin_or_context_raises(self) -> None:
        with pytest.raises(UnknownSymbolError):
            chart('{"prices":[]}', '{"id":"zcn","vs":"usd"}')
        for payload, context in (('{"prices":[]}', ""), ('{"points":[]}', ETHER)):
            with pytest.raises(MalformedError):
                chart(payload, context)

    def test_an_error_under_200_gives_no_tick(self) -> None:
        with pytest.raises(PremiumError):
            chart('{"error":{"status":{"error_code":10012,"error_message":"x"}},"prices":[]}')

    @settings(deadline=None, max_examples=300)
    @given(EDITS)
    def test_no_edit_makes_a_price_of_what_is_none(self, edits: list[Edit]) -> None:
        try:
            ticks = chart(
                edited(b'{"prices":[[1711843200000,1.5],[1711843500000,2]]}', edits)
            ).ticks
        except (ConnectorError, MarketError):
            return
        assert (ticks.price > 0).all()
        assert (ticks.time > 0).all()


class TestRequests:
    def test_a_chart_names_its_coin(self) -> None:
        request = chart_request("http://x/api/v3", SHIB)
        assert request.url == "http://x/api/v3/coins/shiba-inu/market_chart"
        assert request.params == {"vs_currency": "usd", "days": "1", "precision": "full"}
        assert request.context == '{"id":"shiba-inu","vs":"usd"}'

    def test_a_range_holds_both_ends_in_seconds(self) -> None:
        request = range_request("http://x", SHIB, 1_711_843_200_900_000, 1_711_846_800_100_000)
        assert request.kind == "market_chart"
        assert request.url == "http://x/coins/shiba-inu/market_chart/range"
        assert (request.params["from"], request.params["to"]) == ("1711843200", "1711846801")

    def test_a_range_of_the_pro_host_holds_both_ends_in_minutes(self) -> None:
        start_us, end_us = us("2024-03-31T00:00:59"), us("2024-03-31T01:00:01")
        request = range_request("http://x", SHIB, start_us, end_us, iso=True)
        assert request.params["from"] == "2024-03-31T00:00"
        assert request.params["to"] == "2024-03-31T01:01"
