"""The follower: new partitions, streams that begin anew, and what was there before it came."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from api.market.board import PriceBoard
from api.metrics import Metrics
from api.stream.follower import Follower
from api.stream.hub import Hub
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from storage.live_reader import LiveReader
from storage.pools import ReadPool
from tests.api.conftest import NOW_US
from tests.api.harness import BTCUSDT, NOWHERE, Hands, Wire, quote, store_ticks, trade

BINANCE = source_of("binance", Feed.SIMULATED).id
OANDA = source_of("oanda", Feed.SIMULATED).id


class Desk:
    """A running follower and the board that it fills."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.board = PriceBoard(CATALOGUE, Feed.SIMULATED, Hands(NOW_US))
        metrics = Metrics()
        self.database = ReadPool(database_url)
        reader = LiveReader(redis_url, Feed.SIMULATED)
        hub = Hub(self.board, metrics)
        self.follower = Follower(reader, self.board, hub, self.database, metrics)
        self.task = asyncio.ensure_future(self.follower.run())

    async def shows(self, symbol: str, price: float) -> None:
        """Return when the board shows that price."""
        async with asyncio.timeout(5):
            while (self.board.price(CATALOGUE.by_symbol(symbol)) or {}).get("price") != price:
                assert not self.task.done(), self.task.exception()
                await asyncio.sleep(0.002)

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.follower.close()
        await self.database.close()


@pytest.fixture
async def desk(redis_url: str) -> AsyncIterator[Desk]:
    """Without a database: these need none."""
    running = Desk(NOWHERE, redis_url)
    yield running
    await running.close()


async def test_what_was_latest_before_it_came_is_there(redis_url: str, wire: Wire) -> None:
    wire.send([trade(NOW_US, BINANCE, "1"), quote(NOW_US, OANDA, "1", "2")])
    desk = Desk(NOWHERE, redis_url)
    await desk.shows("BTC-USDT", 1.0)
    await desk.shows("EUR-USD", 1.5)
    await desk.close()


async def test_a_new_partition_is_noticed_within_a_second(
    desk: Desk, redis_url: str, wire: Wire
) -> None:
    wire.send([trade(NOW_US, BINANCE, "1")])
    await desk.shows("BTC-USDT", 1.0)
    other = Wire(redis_url, Feed.SIMULATED, "oanda-0")
    loop = asyncio.get_running_loop()
    began = loop.time()
    other.send([quote(NOW_US, OANDA, "1", "2")])
    await desk.shows("EUR-USD", 1.5)
    assert loop.time() - began < 1.0
    other.send([quote(NOW_US + 1, OANDA, "2", "3")])
    await desk.shows("EUR-USD", 2.5)
    other.close()


async def test_a_stream_that_begins_anew_is_followed_from_its_start(
    desk: Desk, redis_url: str, wire: Wire
) -> None:
    wire.offset = 1_000
    wire.send([trade(NOW_US, BINANCE, "1", seq=1)])
    await desk.shows("BTC-USDT", 1.0)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    wire.offset = 0
    wire.send([trade(NOW_US, BINANCE, "2", seq=2)])
    await desk.shows("BTC-USDT", 2.0)
    wire.send([trade(NOW_US, BINANCE, "3", seq=3)])
    await desk.shows("BTC-USDT", 3.0)


async def test_a_price_never_goes_back(desk: Desk, wire: Wire) -> None:
    wire.send([trade(NOW_US, BINANCE, "2", seq=2)])
    await desk.shows("BTC-USDT", 2.0)
    wire.send([trade(NOW_US - 1, BINANCE, "1", seq=1), quote(NOW_US, OANDA, "1", "2")])
    await desk.shows("EUR-USD", 1.5)
    await desk.shows("BTC-USDT", 2.0)


async def test_what_the_cache_lost_comes_from_the_database(
    database_url: str, redis_url: str
) -> None:
    store_ticks(database_url, [trade(NOW_US, BINANCE, "9")])
    desk = Desk(database_url, redis_url)
    await desk.shows("BTC-USDT", 9.0)
    assert BTCUSDT not in desk.board.without_price()
    await desk.close()


async def test_of_two_sources_the_elected_is_shown_until_it_is_silent(
    desk: Desk, wire: Wire
) -> None:
    btcusd = CATALOGUE.by_symbol("BTC-USD").id
    kraken, coinbase = (source_of(name, Feed.SIMULATED).id for name in ("kraken", "coinbase"))
    wire.send([trade(NOW_US, kraken, "10", of=btcusd)])
    wire.send([trade(NOW_US + 1, coinbase, "20", of=btcusd), trade(NOW_US, BINANCE, "1")])
    await desk.shows("BTC-USDT", 1.0)
    await desk.shows("BTC-USD", 10.0)
    later = NOW_US + 60_000_000
    wire.send([trade(later, coinbase, "21", of=btcusd)])
    await desk.shows("BTC-USD", 21.0)
    shown = desk.board.price(CATALOGUE.by_symbol("BTC-USD"))
    assert shown is not None
    assert shown["source"] == "coinbase"
