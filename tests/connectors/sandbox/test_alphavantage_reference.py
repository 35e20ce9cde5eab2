"""Listings and markets of the sandbox, as the connector reads them."""

from datetime import UTC, datetime

from connectors.alphavantage.reference import Market, Match, parse_market_status, parse_search
from connectors.answers import Answer
from connectors.sandbox import alphavantage
from connectors.sandbox.wire import World
from market.clock import microseconds
from tests.connectors.sandbox.conftest import NOW_US, get

SUNDAY_US = microseconds(datetime(2026, 11, 22, 12, tzinfo=UTC))
SUMMER_US = microseconds(datetime(2026, 7, 22, 12, tzinfo=UTC))


def answer(world: World, function: str, now_us: int = NOW_US, **query: str) -> Answer:
    request = get("query", now_us, function=function, apikey="k", **query)
    response = alphavantage.respond(world, request)
    return Answer(response.status, response.body, now_us)


def found(world: World, keywords: str, now_us: int = NOW_US) -> list[Match]:
    return parse_search(answer(world, "SYMBOL_SEARCH", now_us, keywords=keywords))


def test_the_best_match_is_the_first(premium: World) -> None:
    match = found(premium, "tesla")[0]
    assert (match.symbol, match.currency, match.score) == ("TSLA", "USD", "1.0000")
    assert (match.opens, match.closes, match.offset) == ("09:30", "16:00", "UTC-05")
    assert found(premium, "tesla", SUMMER_US)[0].offset == "UTC-04"
    assert found(premium, "IBM")[0].symbol == "IBM"


def test_what_sounds_like_nothing_finds_nothing(premium: World) -> None:
    assert found(premium, "") == found(premium, "9999") == []


def status(world: World, now_us: int) -> dict[str, bool]:
    markets: list[Market] = parse_market_status(answer(world, "MARKET_STATUS", now_us))
    return {market.type: market.is_open for market in markets}


def test_markets_close_on_a_weekend_of_the_real_week(premium: World, free: World) -> None:
    closed = {"Equity": False, "Forex": False, "Cryptocurrency": True}
    assert status(free, SUNDAY_US) == closed
    everything = {"Equity": True, "Forex": True, "Cryptocurrency": True}
    assert status(free, NOW_US) == everything
    assert status(premium, SUNDAY_US) == everything
