"""Prices as they were known once: hand-worked, over weekends, sources and crosses."""

from typing import Any

import pytest

from api.config import ApiConfig
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from tests.api.harness import Api, quote, serve, store_ticks, trade, us

OANDA, ALPHAVANTAGE, BINANCE = (
    source_of(name, Feed.LIVE).id for name in ("oanda", "alphavantage", "binance")
)
USDJPY = CATALOGUE.by_symbol("USD-JPY").id


@pytest.fixture
def feed() -> Feed:
    return Feed.LIVE


async def price_of(api: Api, as_of: str, symbol: str = "EUR-USD", **more: str) -> dict[str, Any]:
    (found,) = await api.data("/api/market/prices", symbols=symbol, as_of=as_of, **more)
    assert isinstance(found, dict)
    return found


async def test_a_price_of_a_weekend_is_fridays_and_closed(config: ApiConfig) -> None:
    store_ticks(
        config.database_url,
        [
            # The day of Friday begins on Thursday at 17:00 New York, which is 22:00 UTC.
            quote(us("2026-11-19T21:59:00Z"), OANDA, "1.1", "1.1", 1),
            quote(us("2026-11-19T22:00:00Z"), OANDA, "1.4", "1.4", 2),
            quote(us("2026-11-20T21:59:30Z"), OANDA, "1.20", "1.22", 3),
            quote(us("2026-11-23T12:00:00Z"), OANDA, "1.5", "1.5", 4),
        ],
    )
    async with serve(config) as api:
        assert await price_of(api, "2026-11-21T12:00:00Z") == {
            "symbol": "EUR-USD",
            "price": 1.21,
            "bid": 1.2,
            "ask": 1.22,
            "change": 0.11,
            "change_percent": 10.0,
            "as_of": "2026-11-20T21:59:30Z",
            "age_ms": (14 * 3600 + 30) * 1000,
            "state": "closed",
            "source": "oanda",
            "simulated": False,
        }
        monday = await price_of(api, "2026-11-23T07:00:30-05:00")
    assert (monday["price"], monday["age_ms"], monday["state"]) == (1.5, 30_000, "live")
    assert monday["change"] == 0.29  # against Friday's last


async def test_the_source_is_the_one_that_was_elected_then(config: ApiConfig) -> None:
    store_ticks(
        config.database_url,
        [
            trade(
                us("2026-11-23T12:00:00Z"), ALPHAVANTAGE, "3", of=CATALOGUE.by_symbol("EUR-USD").id
            ),
            quote(us("2026-11-23T12:04:50Z"), OANDA, "1", "1", 1),
            quote(us("2026-11-23T12:05:10Z"), OANDA, "2", "2", 2),
        ],
    )
    async with serve(config) as api:
        ranked = await price_of(api, "2026-11-23T12:05:00Z")
        silent = await price_of(api, "2026-11-23T12:05:10Z")
        other = await price_of(api, "2026-11-23T12:05:09Z", source="oanda")
        none = await price_of(api, "2026-11-23T12:05:09Z", source="fixer")
    assert (ranked["source"], ranked["price"], ranked["age_ms"]) == ("alphavantage", 3.0, 300_000)
    assert (silent["source"], silent["price"], silent["age_ms"]) == ("oanda", 2.0, 0)
    assert (other["source"], other["price"], other["as_of"]) == (
        "oanda",
        1.0,
        "2026-11-23T12:04:50Z",
    )
    assert (none["source"], none["price"]) == (None, None)


async def test_a_cross_is_made_of_its_legs_of_then(config: ApiConfig) -> None:
    store_ticks(
        config.database_url,
        [
            quote(us("2026-11-23T11:00:00Z"), OANDA, "1.25", "1.28", 1),
            quote(us("2026-11-23T12:00:00Z"), OANDA, "1.50", "1.60", 2),
            quote(us("2026-11-23T10:00:00Z"), OANDA, "150", "160", 3, USDJPY),
        ],
    )
    async with serve(config) as api:
        cross = await price_of(api, "2026-11-23T11:00:30Z", "EUR-JPY")
        later = await price_of(api, "2026-11-23T12:00:00Z", "EUR-JPY")
        response = await api.get(
            "/api/market/prices", symbols="EUR-JPY", as_of="2026-11-23T09:00:00Z"
        )
    assert (cross["bid"], cross["ask"], cross["price"]) == (187.5, 204.8, 196.15)
    assert (cross["as_of"], cross["age_ms"], cross["state"]) == (
        "2026-11-23T10:00:00Z",
        3_630_000,
        "stale",
    )
    assert [(leg["symbol"], leg["as_of"]) for leg in cross["path"]] == [
        ("EUR-USD", "2026-11-23T11:00:00Z"),
        ("USD-JPY", "2026-11-23T10:00:00Z"),
    ]
    assert (later["bid"], later["ask"]) == (225.0, 256.0)
    assert response.json()["error"]["code"] == "NO_RATE"


async def test_what_had_no_price_then_is_said_so(config: ApiConfig) -> None:
    store_ticks(config.database_url, [trade(us("2026-11-23T12:00:00Z"), BINANCE, "60000")])
    async with serve(config) as api:
        before = await price_of(api, "2026-11-23T11:59:59.999999Z", "BTC-USDT")
        saturday = await price_of(api, "2026-11-21T12:00:00Z", "AAPL")
        everything = await api.data("/api/market/prices", as_of="2026-11-23T12:00:00Z")
    assert (before["price"], before["as_of"], before["state"]) == (None, None, "stale")
    assert (saturday["price"], saturday["state"]) == (None, "closed")
    assert [(item["symbol"], item["age_ms"]) for item in everything] == [("BTC-USDT", 0)]


async def test_the_future_is_refused(alone: Api) -> None:
    response = await alone.get(
        "/api/market/prices", symbols="EUR-USD", as_of="2026-11-24T15:00:31Z"
    )
    assert response.status_code == 422
    assert response.json()["error"]["details"]["fields"] == [
        {"field": "as_of", "message": "is later than now, 2026-11-24T15:00:30Z"}
    ]


async def test_without_the_database_there_is_no_answer(alone: Api) -> None:
    response = await alone.get(
        "/api/market/prices", symbols="EUR-USD", as_of="2026-11-24T15:00:00Z"
    )
    assert response.status_code == 503
