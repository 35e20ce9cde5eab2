"""Reading the live side of Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
import redis

from market.instruments import CATALOGUE
from market.latest import LATEST
from market.sources import Feed, source_of
from storage.errors import CacheUnavailableError
from storage.live import latest_key
from storage.live_reader import BEFORE_ALL, LiveReader
from tests.api.harness import NO_REDIS, Wire, redis_proxy, trade

FEED = Feed.LIVE
BINANCE, KRAKEN, COINBASE = (source_of(name, FEED).id for name in ("binance", "kraken", "coinbase"))
BTCUSD = CATALOGUE.by_symbol("BTC-USD").id


@pytest.fixture
async def reader(redis_url: str) -> AsyncIterator[LiveReader]:
    live = LiveReader(redis_url, FEED)
    yield live
    await live.close()


@pytest.fixture
def wire(redis_url: str) -> Iterator[Wire]:
    publisher = Wire(redis_url, FEED)
    yield publisher
    publisher.close()


async def test_entries_come_in_order_from_a_place_on(reader: LiveReader, wire: Wire) -> None:
    for number in range(3):
        wire.send([trade(number, BINANCE, str(number + 1), number)])
    entries = await reader.read({"binance-0": BEFORE_ALL}, 0.1)
    assert [(entry.partition, entry.id) for entry in entries] == [
        ("binance-0", (1, 1)),
        ("binance-0", (2, 1)),
        ("binance-0", (3, 1)),
    ]
    assert [int(entry.ticks.price[0]) for entry in entries] == [1, 2, 3]
    rest = await reader.read({"binance-0": (2, 1)}, 0.1)
    assert [entry.id for entry in rest] == [(3, 1)]


async def test_a_read_waits_for_an_entry_and_not_longer_than_it_may(
    reader: LiveReader, wire: Wire
) -> None:
    assert await reader.read({"binance-0": BEFORE_ALL}, 0.01) == []
    waiting = asyncio.ensure_future(reader.read({"binance-0": BEFORE_ALL}, 5))
    await asyncio.sleep(0)
    wire.send([trade(1, BINANCE, "1")])
    assert len(await waiting) == 1


async def test_ends_are_those_of_the_announced_and_of_the_known(
    reader: LiveReader, wire: Wire
) -> None:
    assert await reader.ends() == {}
    wire.send([trade(1, BINANCE, "1")])
    assert await reader.ends(["gone-0"]) == {"binance-0": (1, 1), "gone-0": BEFORE_ALL}


async def test_every_sources_own_newest_prices_can_be_read(reader: LiveReader, wire: Wire) -> None:
    wire.send([trade(1, KRAKEN, "1", of=BTCUSD), trade(1, COINBASE, "2", of=BTCUSD)])
    for provider, price, source in (
        (None, 1, KRAKEN),
        ("kraken", 1, KRAKEN),
        ("coinbase", 2, COINBASE),
    ):
        items = await reader.latest(provider)
        (item,) = np.frombuffer(items["BTC-USD"], LATEST)
        assert (item["price"], item["source"]) == (price, source)
    assert await reader.latest("binance") == {}
    entries = await reader.read({"binance-0": BEFORE_ALL}, 0.1)
    shown = [np.frombuffer(entry.elected, LATEST)["price"].tolist() for entry in entries]
    assert shown == [[1], []]


async def test_latest_leaves_out_what_another_version_wrote(
    reader: LiveReader, redis_url: str, wire: Wire
) -> None:
    wire.send([trade(1, BINANCE, "1")])
    with redis.Redis.from_url(redis_url) as client:
        client.hset(latest_key(FEED), "EUR-USD", b"of another layout")
    items = await reader.latest()
    assert {symbol: len(item) for symbol, item in items.items()} == {"BTC-USDT": LATEST.itemsize}


async def test_nobody_there_is_said_at_once() -> None:
    live = LiveReader(NO_REDIS, FEED)
    for question in (live.ping(), live.latest(), live.ends(), live.read({"a": BEFORE_ALL}, 1)):
        with pytest.raises(CacheUnavailableError):
            await question
    await live.close()


async def test_a_redis_that_does_not_move_is_given_up_and_found_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.live_reader.ANSWER_WITHIN_S", 0.1)
    async with redis_proxy(redis_url) as (proxy, url):
        live = LiveReader(url, FEED)
        await live.ping()
        proxy.freeze()
        with pytest.raises(CacheUnavailableError):
            await live.ping()
        with pytest.raises(CacheUnavailableError):
            await live.read({"a": BEFORE_ALL}, 0.05)
        proxy.thaw()
        await live.ping()
        await proxy.cut()
        with pytest.raises(CacheUnavailableError):
            await live.ping()
        await proxy.mend()
        await live.ping()
        await live.close()
