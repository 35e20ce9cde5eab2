"""Market data over HTTP: shapes, refusals, pages, feeds."""

import re
from datetime import datetime, timedelta

import pytest

from api.config import ApiConfig
from market.clock import microseconds, rfc3339
from market.sources import Feed, source_of
from tests.api.conftest import NOW_US
from tests.api.harness import (
    Api,
    Hands,
    Wire,
    events,
    quote,
    serve,
    store_ticks,
    trade,
)

SECOND = 1_000_000
OANDA = source_of("oanda", Feed.SIMULATED).id
BINANCE = source_of("binance", Feed.SIMULATED).id


class TestInstruments:
    async def test_the_shape(self, api: Api) -> None:
        response = await api.get("/api/market/instruments", q="eur-us")
        body = response.json()
        assert response.headers["content-type"] == "application/json"
        assert body.keys() == {"success", "data", "meta"}
        assert body["success"] is True
        assert body["data"] == [
            {
                "symbol": "EUR-USD",
                "name": "Euro / US Dollar",
                "asset_class": "fx",
                "base": "EUR",
                "quote": "USD",
                "decimals": 5,
            }
        ]
        assert body["meta"] == {
            "timestamp": "2026-11-24T15:00:30Z",
            "request_id": response.headers["x-request-id"],
            "pagination": {
                "page": 1,
                "limit": 50,
                "total": 1,
                "total_pages": 1,
                "has_next": False,
                "has_prev": False,
            },
        }

    async def test_pages_hold_everything_once(self, api: Api, config: ApiConfig) -> None:
        found = []
        page, more = 1, True
        while more:
            response = await api.get("/api/market/instruments", page=page, limit=7)
            found += [item["symbol"] for item in response.json()["data"]]
            more = response.json()["meta"]["pagination"]["has_next"]
            page += 1
        assert found == [instrument.symbol for instrument in config.instruments]

    @pytest.mark.parametrize(
        "query",
        ["limit=0", "limit=501", "page=0", "page=x", "class=bond", "sort=price", "symbol=A"],
    )
    async def test_a_parameter_that_cannot_be_is_refused(self, alone: Api, query: str) -> None:
        response = await alone.client.get(f"/api/market/instruments?{query}")
        assert response.status_code == 422
        fields = response.json()["error"]["details"]["fields"]
        assert [item["field"] for item in fields] == [query.split("=", maxsplit=1)[0]]


class TestPrices:
    async def test_the_shape_of_a_quote(self, api: Api, wire: Wire) -> None:
        async with events(api, "EUR-USD") as stream:
            await stream.next("snapshot")
            wire.send([quote(NOW_US - SECOND, OANDA, "1.10000", "1.10005")])
            await stream.next("price_update")
        assert await api.data("/api/market/prices", symbols="EUR-USD") == [
            {
                "symbol": "EUR-USD",
                "price": 1.100025,
                "bid": 1.1,
                "ask": 1.10005,
                "change": None,
                "change_percent": None,
                "as_of": "2026-11-24T15:00:29Z",
                "age_ms": 1000,
                "state": "live",
                "source": "oanda",
                "simulated": True,
            }
        ]

    async def test_each_named_symbol_once_in_its_order(self, api: Api) -> None:
        data = await api.data("/api/market/prices", symbols="AAPL,EUR-USD,AAPL")
        assert [item["symbol"] for item in data] == ["AAPL", "EUR-USD"]
        assert data[0] == {
            "symbol": "AAPL",
            "price": None,
            "bid": None,
            "ask": None,
            "change": None,
            "change_percent": None,
            "as_of": None,
            "age_ms": None,
            "state": "stale",
            "source": None,
            "simulated": True,
        }

    async def test_without_symbols_all_that_have_a_price(self, config: ApiConfig) -> None:
        ticks = [trade(NOW_US, BINANCE, "60000")]
        store_ticks(config.database_url, ticks)
        async with serve(config) as api:
            await api.following()
            data = await api.data("/api/market/prices")
        assert [(item["symbol"], item["price"]) for item in data] == [("BTC-USDT", 60000.0)]

    async def test_an_unknown_symbol_is_named(self, alone: Api) -> None:
        response = await alone.get("/api/market/prices", symbols="EUR-USD,NOPE")
        assert response.status_code == 404
        assert response.json()["error"] == {
            "code": "UNKNOWN_SYMBOL",
            "message": "unknown symbol: NOPE",
            "details": {"symbol": "NOPE"},
        }

    @pytest.mark.parametrize("query", ["symbols=", "symbols=,,", "symbol=EUR-USD"])
    async def test_a_parameter_that_cannot_be_is_refused(self, alone: Api, query: str) -> None:
        assert (await alone.client.get(f"/api/market/prices?{query}")).status_code == 422

    async def test_prices_outlive_a_flushed_cache_and_a_restart(
        self, config: ApiConfig, wire: Wire
    ) -> None:
        """What the cache never had, or has lost, comes from the database."""
        store_ticks(
            config.database_url,
            [quote(NOW_US - 2 * SECOND, OANDA, "1.2", "1.4"), trade(NOW_US, BINANCE, "61000.5")],
        )
        wire.send([quote(NOW_US, OANDA, "1.3", "1.5")])
        async with serve(config) as api:
            await api.following()
            data = await api.data("/api/market/prices", symbols="EUR-USD,BTC-USDT")
        assert [item["price"] for item in data] == [1.4, 61000.5]

    async def test_change_is_against_the_close_before_the_days_reference(
        self, config: ApiConfig
    ) -> None:
        midnight = microseconds(datetime.fromisoformat("2026-11-24T00:00:00Z"))
        store_ticks(
            config.database_url,
            [
                trade(midnight - 3600 * SECOND, BINANCE, "49000", 1),
                trade(midnight - SECOND, BINANCE, "50000", 2),
                trade(midnight, BINANCE, "52000", 3),
                trade(NOW_US, BINANCE, "60000.1", 4),
            ],
        )
        async with serve(config) as api, events(api, "BTC-USDT") as stream:
            shown = await stream.price(lambda price: price["change"] is not None)
            assert (shown["change"], shown["change_percent"]) == (10000.1, 20.0002)


class TestTicks:
    async def test_the_shape(self, api: Api, config: ApiConfig) -> None:
        store_ticks(config.database_url, [quote(NOW_US, OANDA, "1.10000", "1.10005", seq=7)])
        store_ticks(config.database_url, [trade(NOW_US + 1, BINANCE, "60000.25", seq=8)])
        assert await api.data("/api/market/ticks", symbol="EUR-USD") == [
            {
                "time": "2026-11-24T15:00:30Z",
                "symbol": "EUR-USD",
                "bid": 1.1,
                "ask": 1.10005,
                "price": None,
                "size": None,
                "source": "oanda",
                "seq": 7,
            }
        ]
        assert await api.data("/api/market/ticks", symbol="BTC-USDT") == [
            {
                "time": "2026-11-24T15:00:30.000001Z",
                "symbol": "BTC-USDT",
                "bid": None,
                "ask": None,
                "price": 60000.25,
                "size": 0.5,
                "source": "binance",
                "seq": 8,
            }
        ]

    async def test_pages_hold_everything_once(self, api: Api, config: ApiConfig) -> None:
        """Also where many ticks share an instant, and where a page ends among them."""
        ticks = [quote(NOW_US + n // 5, OANDA, "1.1", "1.2", seq=n) for n in range(43)]
        store_ticks(config.database_url, ticks)
        seen: list[int] = []
        parameters = {"symbol": "EUR-USD", "start": "2026-11-24T00:00:00Z", "limit": "4"}
        while True:
            body = (await api.get("/api/market/ticks", **parameters)).json()
            seen += [item["seq"] for item in body["data"]]
            pagination = body["meta"]["pagination"]
            assert pagination.keys() == {"limit", "next_cursor"}
            if pagination["next_cursor"] is None:
                break
            parameters["cursor"] = pagination["next_cursor"]
        assert seen == list(range(43))

    async def test_without_a_start_the_last_before_the_end(
        self, api: Api, config: ApiConfig
    ) -> None:
        ticks = [quote(NOW_US + n * SECOND, OANDA, "1.1", "1.2", seq=n) for n in range(9)]
        store_ticks(config.database_url, ticks)
        last = await api.data("/api/market/ticks", symbol="EUR-USD", limit=3)
        assert [item["seq"] for item in last] == [6, 7, 8]
        end = rfc3339(NOW_US + 5 * SECOND)
        before = await api.data("/api/market/ticks", symbol="EUR-USD", limit=3, end=end)
        assert [item["seq"] for item in before] == [2, 3, 4]


class TestCandles:
    async def test_the_shape_and_the_candle_that_still_grows(
        self, api: Api, config: ApiConfig
    ) -> None:
        minute = 60 * SECOND
        store_ticks(
            config.database_url,
            [
                trade(NOW_US - minute, BINANCE, "100", 1),
                trade(NOW_US - minute + 1, BINANCE, "90", 2),
                trade(NOW_US - minute + 2, BINANCE, "120", 3),
                trade(NOW_US - minute + 3, BINANCE, "110", 4),
                trade(NOW_US, BINANCE, "105", 5),
            ],
        )
        assert await api.data("/api/market/candles", symbol="BTC-USDT") == [
            {
                "time": "2026-11-24T14:59:00Z",
                "open": 100.0,
                "high": 120.0,
                "low": 90.0,
                "close": 110.0,
                "volume": 2.0,
                "ticks": 4,
                "complete": True,
            },
            {
                "time": "2026-11-24T15:00:00Z",
                "open": 105.0,
                "high": 105.0,
                "low": 105.0,
                "close": 105.0,
                "volume": 0.5,
                "ticks": 1,
                "complete": False,
            },
        ]

    @pytest.mark.parametrize(("side", "price"), [("bid", 1.0), ("ask", 2.0), ("mid", 1.5)])
    async def test_a_side_can_be_named(
        self, api: Api, config: ApiConfig, side: str, price: float
    ) -> None:
        store_ticks(config.database_url, [quote(NOW_US, OANDA, "1", "2")])
        (candle,) = await api.data("/api/market/candles", symbol="EUR-USD", side=side)
        assert candle["close"] == price
        assert await api.data("/api/market/candles", symbol="EUR-USD", side="trade") == []

    @pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
    async def test_pages_hold_everything_once(
        self, api: Api, config: ApiConfig, interval: str
    ) -> None:
        start = datetime.fromisoformat("2026-11-24T00:00:00Z")
        times = [start + timedelta(minutes=n * n) for n in range(30)]
        ticks = [quote(microseconds(time), OANDA, "1", str(n + 1)) for n, time in enumerate(times)]
        store_ticks(config.database_url, ticks)
        everything = await api.data(
            "/api/market/candles", symbol="EUR-USD", interval=interval, start=start.isoformat()
        )
        assert sum(candle["ticks"] for candle in everything) == 30
        seen = []
        parameters = {
            "symbol": "EUR-USD",
            "interval": interval,
            "start": start.isoformat(),
            "limit": "3",
        }
        while True:
            body = (await api.get("/api/market/candles", **parameters)).json()
            assert len(body["data"]) <= 3
            seen += body["data"]
            cursor = body["meta"]["pagination"]["next_cursor"]
            if cursor is None:
                break
            parameters["cursor"] = cursor
        assert seen == everything

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"interval": "7y"}, "interval"),
            ({"interval": "13M"}, "interval"),
            ({"side": "last"}, "side"),
            ({"limit": "5001"}, "limit"),
            ({"limit": "-1"}, "limit"),
            ({"start": "yesterday"}, "start"),
            ({"start": "2026-11-24T00:00:00"}, "start"),
            ({"start": "0001-01-01T00:00:00Z"}, "start"),
            ({"end": "9999-12-31T00:00:00Z"}, "end"),
            ({"start": "2026-11-24T00:00:00Z", "end": "2026-11-24T00:00:00Z"}, "end"),
            ({"timezone": "Mars/Olympus"}, "timezone"),
            ({"timezone": "../UTC"}, "timezone"),
            ({"cursor": "!"}, "cursor"),
            ({"cursor": "W10"}, "cursor"),
            ({"cursor": "x" * 201}, "cursor"),
            ({"color": "red"}, "color"),
        ],
    )
    async def test_a_parameter_that_cannot_be_is_refused(
        self, alone: Api, parameters: dict[str, str], field: str
    ) -> None:
        response = await alone.get("/api/market/candles", symbol="EUR-USD", **parameters)
        assert response.status_code == 422
        error = response.json()["error"]
        assert error["code"] == "VALIDATION_ERROR"
        assert [item["field"] for item in error["details"]["fields"]] == [field]

    @pytest.mark.parametrize("path", ["/api/market/candles", "/api/market/ticks"])
    async def test_the_symbol_must_be_given_and_known(self, alone: Api, path: str) -> None:
        assert (await alone.get(path)).status_code == 422
        assert (await alone.get(path, symbol="NOPE")).status_code == 404
        assert (await alone.get(path, symbol="'; DROP TABLE ticks")).status_code == 404


@pytest.mark.parametrize("feed", list(Feed))
async def test_feeds_never_mix(feed: Feed, database_url: str, redis_url: str) -> None:
    for number, other in enumerate(Feed, start=1):
        source = source_of("oanda", other).id
        store_ticks(database_url, [quote(NOW_US, source, str(number), str(number))])
        publisher = Wire(redis_url, other)
        publisher.send([quote(NOW_US + 1, source, str(number), str(number))])
        publisher.close()
    own = float(list(Feed).index(feed) + 1)
    async with serve(ApiConfig(database_url, redis_url, feed, clock=Hands(NOW_US))) as api:
        await api.following()
        for path in ("prices?symbols=EUR-USD", "ticks?symbol=EUR-USD", "candles?symbol=EUR-USD"):
            (item,) = await api.data(f"/api/market/{path}")
            assert item.get("bid", item.get("close")) == own
        (price,) = await api.data("/api/market/prices")
        assert price["simulated"] is (feed is Feed.SIMULATED)


async def test_the_openapi_document_describes_every_answer(api: Api) -> None:
    document = (await api.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert {"200", "201", "202"} & operation["responses"].keys(), path
    price = document["components"]["schemas"]["Price"]["required"]
    (shown,) = await api.data("/api/market/prices", symbols="EUR-USD")
    assert set(price) == shown.keys()
    assert re.fullmatch(r"3\.\d\.\d", document["openapi"])
