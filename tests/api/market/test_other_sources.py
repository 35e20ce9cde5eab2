"""Prices of the sources that are not elected."""

from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from tests.api.conftest import NOW_US
from tests.api.harness import Api, Wire, events, quote

BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
KRAKEN, COINBASE = (source_of(name, Feed.SIMULATED).id for name in ("kraken", "coinbase"))


async def test_the_elected_source_is_shown_and_another_by_its_name(api: Api, wire: Wire) -> None:
    async with events(api, "BTC-USD") as stream:
        wire.send(
            [
                quote(NOW_US, KRAKEN, "60000", "60002", of=BTCUSD),
                quote(NOW_US, COINBASE, "60010", "60012", of=BTCUSD),
            ]
        )
        await stream.price(lambda price: price["source"] == "kraken")
    (elected,) = await api.data("/api/market/prices", symbols="BTC-USD")
    (other,) = await api.data("/api/market/prices", symbols="BTC-USD", source="coinbase")
    assert (elected["source"], elected["bid"]) == ("kraken", 60000.0)
    assert (other["source"], other["bid"], other["state"]) == ("coinbase", 60010.0, "live")
    assert [item["symbol"] for item in await api.data("/api/market/prices", source="coinbase")] == [
        "BTC-USD"
    ]
    assert await api.data("/api/market/prices", source="kraken") == [elected]


async def test_a_source_that_says_nothing_of_a_symbol_has_no_price(api: Api) -> None:
    (price,) = await api.data("/api/market/prices", symbols="EUR-USD", source="ecb")
    assert (price["price"], price["source"]) == (None, None)


async def test_an_unknown_source_is_refused(alone: Api) -> None:
    response = await alone.get("/api/market/prices", source="bloomberg")
    assert response.status_code == 422
    assert "binance" in response.json()["error"]["details"]["fields"][0]["message"]


async def test_without_the_cache_the_others_are_not_available(alone: Api) -> None:
    response = await alone.get("/api/market/prices", source="ecb")
    assert response.status_code == 503
