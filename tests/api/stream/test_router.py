"""Price streams over real sockets: order, slow clients, a lost Redis, the end."""

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import redis

from api.config import ApiConfig
from api.stream.subscriber import MAX_QUEUED_BYTES
from market.sources import Feed, source_of
from market.ticks import TickBatch
from tests.api.conftest import NOW_US
from tests.api.harness import (
    Api,
    Hands,
    Wire,
    events,
    quote,
    redis_proxy,
    serve,
    store_ticks,
    trade,
)

OANDA = source_of("oanda", Feed.SIMULATED).id
BINANCE = source_of("binance", Feed.SIMULATED).id
SECOND = 1_000_000


async def test_the_head_says_how_to_treat_the_stream(api: Api) -> None:
    async with events(api) as stream:
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in headers
        assert (await stream.next()).name == "snapshot"
        assert stream.retry == "1000"


async def test_a_snapshot_then_every_change_in_the_shape_of_a_price(api: Api, wire: Wire) -> None:
    wire.send([quote(NOW_US - SECOND, OANDA, "1.1", "1.2")])
    async with events(api, "EUR-USD") as stream:
        first = await stream.price(lambda price: price["bid"] == 1.1)
        assert (await api.data("/api/market/prices", symbols="EUR-USD")) == [first]
        wire.send([quote(NOW_US, OANDA, "1.3", "1.4", seq=1)])
        update = await stream.next("price_update")
        assert update.data == first | {
            "price": 1.35,
            "bid": 1.3,
            "ask": 1.4,
            "age_ms": 0,
            "as_of": "2026-11-24T15:00:30Z",
        }
        assert update.id


async def test_of_one_batch_every_instrument_comes_in_one_list(api: Api, wire: Wire) -> None:
    async with events(api, "EUR-USD,BTC-USDT") as stream:
        assert (await stream.next()).data == []
        wire.send([quote(NOW_US, OANDA, "1", "2"), trade(NOW_US, BINANCE, "7")])
        update = await stream.next("price_update")
        assert [price["symbol"] for price in update.data] == ["EUR-USD", "BTC-USDT"]


async def test_an_unknown_symbol_is_refused_before_the_stream_begins(alone: Api) -> None:
    response = await alone.get("/api/stream/prices", symbols="EUR-USD,NOPE")
    assert response.status_code == 404
    assert response.json()["error"]["details"] == {"symbol": "NOPE"}
    assert (await alone.get("/api/stream/prices", symbol="EUR-USD")).status_code == 422


async def test_beyond_the_bound_a_stream_is_refused_and_the_rest_answers(config: ApiConfig) -> None:
    async with serve(replace(config, max_streams=2)) as api:
        async with events(api, "EUR-USD"), events(api):
            opened = [api.get("/api/stream/prices", symbols="EUR-USD") for _ in range(5)]
            for response in await asyncio.gather(*opened):
                assert response.status_code == 503
                assert response.headers["retry-after"] == "1"
                assert response.json()["error"]["code"] == "TOO_MANY_STREAMS"
            assert (await api.get("/health")).status_code == 200
        # The server has yet to notice that they left.
        while "tradewind_stream_clients 0.0" not in (await api.get("/metrics")).text:
            pass
        async with events(api) as stream:
            assert (await stream.next()).name == "snapshot"


async def test_those_who_come_at_once_are_no_more_than_the_bound(config: ApiConfig) -> None:
    async with serve(replace(config, max_streams=3)) as api, AsyncExitStack() as stack:
        path = "/api/stream/prices"
        opened = [stack.enter_async_context(api.client.stream("GET", path)) for _ in range(20)]
        answers = [response.status_code for response in await asyncio.gather(*opened)]
    assert sorted(answers) == [200] * 3 + [503] * 17


async def test_who_comes_back_is_told_of_the_gap(api: Api) -> None:
    async with events(api, headers={"Last-Event-ID": "18f-7"}) as stream:
        assert (await stream.next()).name == "reset"
        assert (await stream.next()).name == "snapshot"


async def test_nothing_is_lost_between_snapshot_and_updates(api: Api, wire: Wire) -> None:
    """Clients that come while prices move see them go up without a step back, to the last one."""
    last = 150

    async def watch() -> list[float]:
        async with events(api, "BTC-USDT") as stream:
            seen: list[float] = []
            while not seen or seen[-1] != last:
                event = await stream.next()
                prices = event.data if isinstance(event.data, list) else [event.data]
                seen += [price["price"] for price in prices if event.name != "heartbeat"]
            return seen

    watchers = []
    for number in range(1, last + 1):
        wire.send([trade(NOW_US, BINANCE, str(number), seq=number)])
        if number % 10 == 0:
            watchers.append(asyncio.ensure_future(watch()))
            await asyncio.sleep(0)
    for seen in await asyncio.gather(*watchers):
        assert seen == sorted(set(seen))


async def test_a_client_that_does_not_read_costs_little_and_others_nothing(api: Api) -> None:
    services = api.app.state.services
    ids = [instrument.id for instrument in services.board.instruments]
    number = 0

    def move_everything() -> None:
        nonlocal number
        number += 1
        ticks = [trade(NOW_US, BINANCE, str(number), seq=number, of=id_) for id_ in ids]
        services.hub.publish(services.board.apply(TickBatch.of(ticks)))

    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", api.port))
        stalled.sendall(b"GET /api/stream/prices HTTP/1.1\r\nHost: a\r\n\r\n")
        async with events(api) as stream:
            await stream.next("snapshot")
            while not _conflations(api):
                move_everything()
                update = await stream.next("price_update")
                assert [price["price"] for price in update.data] == [number] * len(ids)
            (group,) = services.hub._groups.values()
            assert max(client._queued_bytes for client in group.subscribers) <= MAX_QUEUED_BYTES
            move_everything()
            await stream.next("price_update")
        assert _conflations(api) == 1
        await _read_until(stalled, b"event: snapshot", f'"price":{number}.0'.encode())


def _conflations(api: Api) -> float | None:
    registry = api.app.state.services.metrics.registry
    found: float | None = registry.get_sample_value("tradewind_stream_conflations_total")
    return found


async def _read_until(client: socket.socket, *wanted: bytes) -> None:
    """Read until the end of what came holds these, after what was sent before the client stalled."""
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    text = b""
    while not all(part in text[10_000:] for part in wanted):
        text += await loop.sock_recv(client, 65_536)


async def test_the_end_of_the_server_ends_the_stream_promptly(config: ApiConfig) -> None:
    loop = asyncio.get_running_loop()
    async with serve(config) as api, events(api) as stream:
        await stream.next("snapshot")
        began = loop.time()
        api.server.should_exit = True
        with pytest.raises(EOFError):
            while True:
                await stream.next()
        await api.running
        assert loop.time() - began < 1.5


async def test_the_stream_goes_on_when_redis_comes_back(
    config: ApiConfig, redis_url: str, wire: Wire
) -> None:
    async with redis_proxy(redis_url) as (proxy, url), serve(replace(config, redis_url=url)) as api:
        await api.following()
        async with events(api, "BTC-USDT") as stream:
            wire.send([trade(NOW_US, BINANCE, "1", seq=1)])
            await stream.price(lambda price: price["price"] == 1.0)
            await proxy.cut()
            wire.send([trade(NOW_US, BINANCE, "2", seq=2)])
            await proxy.mend()
            await stream.price(lambda price: price["price"] == 2.0)
            proxy.freeze()
            wire.send([trade(NOW_US, BINANCE, "3", seq=3)])
            proxy.thaw()
            await stream.price(lambda price: price["price"] == 3.0)
            with redis.Redis.from_url(redis_url) as client:
                client.flushall()
            wire.send([trade(NOW_US, BINANCE, "4", seq=4)])
            await stream.price(lambda price: price["price"] == 4.0)


async def test_the_stream_goes_on_from_the_database_while_redis_is_away(
    config: ApiConfig, redis_url: str
) -> None:
    async with redis_proxy(redis_url) as (proxy, url), serve(replace(config, redis_url=url)) as api:
        await api.following()
        async with events(api, "BTC-USDT") as stream:
            await stream.next("snapshot")
            await proxy.cut()
            store_ticks(config.database_url, [trade(NOW_US, BINANCE, "5")])
            await stream.price(lambda price: price["price"] == 5.0)
            (price,) = await api.data("/api/market/prices", symbols="BTC-USDT")
            assert price["price"] == 5.0


async def test_a_price_that_grows_old_is_sent_with_its_new_state(
    api: Api, wire: Wire, clock: Hands
) -> None:
    wire.send([trade(NOW_US, BINANCE, "5")])
    async with events(api, "BTC-USDT") as stream:
        await stream.price(lambda price: price["state"] == "live")
        clock.now_us += 31 * SECOND
        price = await stream.price(lambda price: price["state"] == "stale")
        assert price["age_ms"] == 31_000
