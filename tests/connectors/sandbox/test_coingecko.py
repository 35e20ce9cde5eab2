"""CoinGecko's formats, against the recorded responses and the contract sheet."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox import coingecko
from connectors.sandbox.wire import Answer, Request, World
from market.instruments import CATALOGUE, AssetClass
from tests.connectors.sandbox.conftest import NOW_US, body, get

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
FULL = {"precision": "full", "include_last_updated_at": "true"}


def price(world: World, now_us: int = NOW_US, /, **query: str) -> Answer:
    defaults = {"ids": "bitcoin", "vs_currencies": "usd"}
    return coingecko.respond(world, get("simple/price", now_us, **{**defaults, **query}))


def chart(world: World, coin: str = "bitcoin", **query: str) -> Answer:
    defaults = {"vs_currency": "usd", "days": "1"}
    return coingecko.respond(world, get(f"coins/{coin}/market_chart", **{**defaults, **query}))


class TestSimplePrice:
    def test_it_has_the_recorded_shape(
        self, premium: World, recorded: Callable[[str], Any]
    ) -> None:
        theirs = recorded("coingecko_jkorf/GetPrices.txt")
        ours = body(price(premium, ids="ethereum"))
        assert [list(coin) for coin in ours.values()] == [list(coin) for coin in theirs.values()]
        assert isinstance(ours["ethereum"]["usd"], float)

    def test_every_field_that_can_be_asked_for(self, premium: World) -> None:
        flags = ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
        query = {f"include_{flag}": "true" for flag in flags}
        fields = body(price(premium, **query))["bitcoin"]
        assert list(fields) == [
            "usd", "usd_market_cap", "usd_24h_vol", "usd_24h_change", "last_updated_at",
        ]  # fmt: skip
        assert fields["last_updated_at"] == NOW_US // SECOND_US // 2 * 2
        assert abs(fields["usd_24h_change"]) < 25

    def test_every_coin_in_dollars_is_served_at_full_precision(self, premium: World) -> None:
        coins = ",".join(coingecko.COINS)
        prices = body(price(premium, ids=coins, **FULL))
        tickers = {ticker: coin for coin, (ticker, _) in coingecko.COINS.items()}
        for instrument in CATALOGUE:
            if instrument.asset_class is AssetClass.CRYPTO and instrument.quote == "USD":
                shown = prices[tickers[instrument.base]]
                at_us = shown["last_updated_at"] * SECOND_US
                assert shown["usd"] == premium.simulator.mid(instrument.symbol, at_us)

    def test_a_tiny_price_has_an_exponent(self, premium: World) -> None:
        assert re.search(rb'"usd":\d\.\d+e-0\d', price(premium, ids="pepe", **FULL).body)

    def test_precision_counts_decimals(self, premium: World) -> None:
        whole = body(price(premium, precision="0"))["bitcoin"]["usd"]
        assert isinstance(whole, int)
        assert body(price(premium, precision="2"))["bitcoin"]["usd"] == pytest.approx(whole, abs=1)

    def test_unknown_ids_are_absent(self, premium: World) -> None:
        assert list(body(price(premium, ids="nothing,bitcoin"))) == ["bitcoin"]
        assert body(price(premium, ids="nothing")) == {}

    def test_an_unknown_currency_is_400(self, premium: World) -> None:
        answer = price(premium, vs_currencies="usd,usdt")
        assert answer.status == 400
        assert body(answer) == {"error": "invalid vs_currency"}

    def test_missing_parameters_are_422(self, premium: World) -> None:
        assert price(premium, ids="").status == 422
        assert price(premium, vs_currencies="").status == 422

    @pytest.mark.parametrize(("profile", "cache_s"), [("premium", 2), ("free", 60)])
    def test_one_body_for_the_time_of_the_cache(
        self, request: pytest.FixtureRequest, profile: str, cache_s: int
    ) -> None:
        world = request.getfixturevalue(profile)
        step_us = cache_s * SECOND_US
        start = NOW_US // step_us * step_us
        first = price(world, start, **FULL).body
        assert price(world, start + step_us - 1, **FULL).body == first
        assert price(world, start + step_us, **FULL).body != first


class TestMarketChart:
    def test_it_has_the_recorded_shape(
        self, premium: World, recorded: Callable[[str], Any]
    ) -> None:
        theirs = recorded("coingecko_jkorf/GetMarketChart.txt")
        ours = body(chart(premium))
        assert list(ours) == list(theirs)
        for series in ours.values():
            assert all(isinstance(t, int) and isinstance(value, float) for t, value in series)

    def test_a_day_has_five_minute_points_off_the_grid_and_ends_now(self, premium: World) -> None:
        times = [time_ms for time_ms, _ in body(chart(premium))["prices"]]
        assert times == sorted(set(times))
        assert 285 <= len(times) <= 290
        assert times[-1] == NOW_US // 1_000
        assert NOW_US // 1_000 - 86_400_000 < times[0] < NOW_US // 1_000 - 86_000_000
        assert sum(time_ms % 60_000 == 0 for time_ms in times) < 5

    def test_points_are_the_market_at_their_time(self, premium: World) -> None:
        points = body(chart(premium, "pepe"))["prices"]
        for time_ms, value in (points[0], points[100], points[-1]):
            assert value == premium.simulator.mid("PEPE-USD", time_ms * 1_000)

    def test_more_days_are_hourly(self, premium: World) -> None:
        assert 46 <= len(body(chart(premium, days="2"))["prices"]) <= 50

    def test_errors(self, premium: World) -> None:
        assert chart(premium, "nothing").status == 404
        assert chart(premium, vs_currency="").status == 422
        assert chart(premium, vs_currency="usdt").status == 400
        assert chart(premium, days="").status == 422
        too_long = chart(premium, days="1000")
        assert too_long.status == 401
        assert body(too_long)["error"]["status"]["error_code"] == 10012


class TestAccess:
    def test_ping(self, premium: World, recorded: Callable[[str], Any]) -> None:
        answer = coingecko.respond(premium, get("ping"))
        assert body(answer) == recorded("coingecko_jkorf/Ping.txt")

    def test_an_unknown_path_is_404(self, premium: World) -> None:
        assert coingecko.respond(premium, get("coins")).status == 404

    def test_a_pro_key_belongs_to_the_other_host(self, premium: World) -> None:
        request = Request("ping", {}, {"x-cg-pro-api-key": "CG-1"}, NOW_US)
        answer = coingecko.respond(premium, request)
        assert answer.status == 400
        assert body(answer)["error_code"] == 10010
        assert body(answer)["timestamp"] == "2026-11-24T15:04:05.678000+00:00"

    def test_a_bad_demo_key_is_401(self, premium: World) -> None:
        answer = coingecko.respond(premium, get("ping", x_cg_demo_api_key="invalid"))
        assert answer.status == 401
        assert body(answer)["status"]["error_code"] == 10002

    def test_too_many_calls_a_minute_on_the_free_plan(self, free: World) -> None:
        answers = [price(free) for _ in range(31)]
        assert {answer.status for answer in answers[:30]} == {200}
        assert answers[30].status == 429
        assert body(answers[30])["status"]["error_code"] == 429
        wait_s = int(answers[30].headers["retry-after"])
        assert wait_s == 55
        assert price(free, NOW_US + wait_s * SECOND_US).status == 200
        with_key = Request("ping", {}, {"x-cg-demo-api-key": "CG-1"}, NOW_US)
        assert coingecko.respond(free, with_key).status == 200

    def test_the_premium_plan_has_no_quota(self, premium: World) -> None:
        assert {price(premium).status for _ in range(120)} == {200}
