"""simple/price in the sandbox, against the recorded answer and the contract sheet."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connectors.sandbox.coingecko_coins import COINS
from connectors.sandbox.wire import Answer, World
from market.instruments import CATALOGUE, AssetClass
from tests.connectors.sandbox.coingecko_worlds import NOTHING, SECOND_US, ask
from tests.connectors.sandbox.conftest import NOW_US, body

FULL = {"precision": "full", "include_last_updated_at": "true"}
FLAGS = {f"include_{flag}": "true" for flag in ("market_cap", "24hr_vol", "24hr_change")}


def price(
    world: World, query: Mapping[str, str] = NOTHING, *, now_us: int = NOW_US, pro: bool = False
) -> Answer:
    defaults = {"ids": "bitcoin", "vs_currencies": "usd"}
    return ask(world, "simple/price", {**defaults, **query}, now_us=now_us, pro=pro)


def test_it_has_the_recorded_shape(premium: World, recorded: Callable[[str], Any]) -> None:
    theirs = recorded("coingecko_jkorf/GetPrices.txt")
    ours = body(price(premium, {"ids": "ethereum"}))
    assert [list(coin) for coin in ours.values()] == [list(coin) for coin in theirs.values()]
    assert isinstance(ours["ethereum"]["usd"], float)


def test_every_field_that_can_be_asked_for(premium: World) -> None:
    fields = body(price(premium, {**FLAGS, **FULL}))["bitcoin"]
    assert list(fields) == [
        "usd", "usd_market_cap", "usd_24h_vol", "usd_24h_change", "last_updated_at",
    ]  # fmt: skip
    assert fields["last_updated_at"] == NOW_US // SECOND_US // 2 * 2
    assert abs(fields["usd_24h_change"]) < 25


def test_every_coin_in_dollars_is_served_at_full_precision(premium: World) -> None:
    prices = body(price(premium, {"ids": ",".join(COINS), **FULL}))
    ids = {coin.ticker: coin.id for coin in COINS.values()}
    for instrument in CATALOGUE:
        if instrument.asset_class is AssetClass.CRYPTO and instrument.quote == "USD":
            shown = prices[ids[instrument.base]]
            at_us = shown["last_updated_at"] * SECOND_US
            assert shown["usd"] == premium.simulator.mid(instrument.symbol, at_us)


def test_a_tiny_price_has_an_exponent(premium: World) -> None:
    assert re.search(rb'"usd":\d\.\d+e-0\d', price(premium, {"ids": "pepe", **FULL}).body)


def test_precision_counts_decimals(premium: World) -> None:
    whole = body(price(premium, {"precision": "0"}))["bitcoin"]["usd"]
    assert isinstance(whole, int)
    assert body(price(premium, {"precision": "2"}))["bitcoin"]["usd"] == pytest.approx(whole, abs=1)


def test_unknown_ids_are_absent(premium: World) -> None:
    assert list(body(price(premium, {"ids": "nothing,bitcoin"}))) == ["bitcoin"]
    assert body(price(premium, {"ids": "nothing"})) == {}


def test_names_and_symbols_are_found(premium: World) -> None:
    for query in ({"names": "Bitcoin,Nothing"}, {"symbols": "BTC"}):
        assert list(body(price(premium, {"ids": "", **query}))) == ["bitcoin"]


def test_a_dead_coin_is_null_since_long_ago(premium: World) -> None:
    assert body(price(premium, {"ids": "bitconnect", **FLAGS, **FULL}))["bitconnect"] == {
        "usd": None,
        "usd_market_cap": None,
        "usd_24h_vol": None,
        "usd_24h_change": None,
        "last_updated_at": 1_535_932_800,
    }


def test_bad_parameters(premium: World) -> None:
    answer = price(premium, {"vs_currencies": "usd,usdt"})
    assert (answer.status, body(answer)) == (400, {"error": "invalid vs_currency"})
    assert price(premium, {"ids": ""}).status == 422
    assert price(premium, {"vs_currencies": ""}).status == 422


@pytest.mark.parametrize(
    ("profile", "pro", "cache_s"),
    [("premium", False, 2), ("premium", True, 2), ("free", False, 60), ("free", True, 20)],
)
def test_one_body_for_the_time_of_the_cache(
    request: pytest.FixtureRequest, profile: str, pro: bool, cache_s: int
) -> None:
    world = request.getfixturevalue(profile)
    step_us = cache_s * SECOND_US
    start = NOW_US // step_us * step_us
    first = price(world, FULL, now_us=start, pro=pro).body
    assert price(world, FULL, now_us=start + step_us - 1, pro=pro).body == first
    assert price(world, FULL, now_us=start + step_us, pro=pro).body != first
