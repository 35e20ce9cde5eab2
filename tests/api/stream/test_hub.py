"""The hub: once encoded, once framed for each subscription, gathered over a moment."""

import asyncio
import json
from typing import Any

import pytest

from api.market.board import PriceBoard
from api.metrics import Metrics
from api.stream.hub import Hub
from api.stream.subscriber import Subscriber
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from market.ticks import TickBatch
from tests.api.conftest import NOW_US
from tests.api.harness import BTCUSDT, EURUSD, Hands, quote, trade

OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id
BOTH = frozenset({EURUSD, BTCUSDT})


class Desk:
    """A hub with its board and counters."""

    def __init__(self) -> None:
        self.clock = Hands(NOW_US)
        self.board = PriceBoard(CATALOGUE, Feed.LIVE, self.clock)
        self.metrics = Metrics()
        self.hub = Hub(self.board, self.metrics)
        self.sent = 0

    def move(self, *instruments: int) -> None:
        """A new price of each of these."""
        self.sent += 1
        ticks = [
            quote(NOW_US, OANDA, "1", "2", self.sent)
            if instrument == EURUSD
            else trade(NOW_US, BINANCE, str(self.sent), self.sent)
            for instrument in instruments
        ]
        self.hub.publish(self.board.apply(TickBatch.of(ticks)))

    def counted(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)


async def event(subscriber: Subscriber) -> tuple[str, Any]:
    """Name and data of the one event that comes next."""
    data = await subscriber.next()
    assert data is not None
    name, _, body = data.decode().rstrip().split("\n")
    return name.removeprefix("event: "), json.loads(body.removeprefix("data: "))


async def test_a_client_gets_a_snapshot_and_then_only_what_it_asked_for() -> None:
    desk = Desk()
    desk.move(EURUSD, BTCUSDT)
    euro = desk.hub.subscribe(frozenset({EURUSD}))
    name, prices = await event(euro)
    assert (name, [price["symbol"] for price in prices]) == ("snapshot", ["EUR-USD"])
    desk.move(BTCUSDT)
    desk.move(EURUSD)
    name, price = await event(euro)
    assert (name, price["symbol"]) == ("price_update", "EUR-USD")


async def test_several_that_moved_within_a_moment_come_as_a_list() -> None:
    desk = Desk()
    client = desk.hub.subscribe(BOTH)
    await client.next()
    desk.move(EURUSD)
    desk.move(BTCUSDT)
    name, prices = await event(client)
    assert name == "price_update"
    assert {price["symbol"] for price in prices} == {"EUR-USD", "BTC-USDT"}


async def test_of_what_moves_twice_within_a_moment_the_newest_comes() -> None:
    desk = Desk()
    client = desk.hub.subscribe(BOTH)
    await client.next()
    desk.move(BTCUSDT)
    desk.move(BTCUSDT)
    _, price = await event(client)
    assert price["price"] == 2.0


async def test_a_price_is_encoded_once_for_all_and_its_bytes_are_shared() -> None:
    desk = Desk()
    clients = [desk.hub.subscribe(BOTH) for _ in range(50)]
    alone = desk.hub.subscribe(frozenset({BTCUSDT}))
    for client in (*clients, alone):
        await client.next()
    desk.move(BTCUSDT)
    frames = [await client.next() for client in clients]
    assert all(frame is frames[0] for frame in frames)
    assert await alone.next() == frames[0]
    assert desk.counted("tradewind_stream_prices_total") == 1


async def test_nothing_is_encoded_that_nobody_reads() -> None:
    desk = Desk()
    client = desk.hub.subscribe(frozenset({EURUSD}))
    await client.next()
    desk.move(BTCUSDT)
    desk.move(EURUSD)
    await client.next()
    assert desk.counted("tradewind_stream_prices_total") == 1


async def test_a_client_that_fell_behind_gets_the_newest_prices() -> None:
    desk = Desk()
    slow = desk.hub.subscribe(BOTH)
    await slow.next()
    quick = desk.hub.subscribe(BOTH)
    await quick.next()
    while not slow.behind:
        desk.move(BTCUSDT)
        await quick.next()
    assert desk.counted("tradewind_stream_conflations_total") == 1
    desk.move(BTCUSDT)
    name, prices = await event(slow)
    assert (name, prices[0]["price"]) == ("snapshot", float(desk.sent))


async def test_a_snapshot_is_shared_for_no_longer_than_a_second() -> None:
    desk = Desk()
    desk.move(BTCUSDT)
    first, second = await desk.hub.subscribe(BOTH).next(), await desk.hub.subscribe(BOTH).next()
    assert first is second
    desk.clock.now_us += 9_000_000
    _, prices = await event(desk.hub.subscribe(BOTH))
    assert prices[0]["age_ms"] == 9_000


async def test_forgotten_clients_leave_nothing_behind() -> None:
    desk = Desk()
    clients = [desk.hub.subscribe(BOTH) for _ in range(3)]
    assert desk.counted("tradewind_stream_clients") == 3
    for client in clients:
        desk.hub.unsubscribe(BOTH, client)
    assert desk.counted("tradewind_stream_clients") == 0
    assert desk.hub._groups == {}
    assert all(not groups for groups in desk.hub._groups_of.values())


async def test_it_counts_who_watches_what() -> None:
    desk = Desk()
    assert desk.hub.watched() == {}
    clients = [desk.hub.subscribe(BOTH) for _ in range(2)]
    desk.hub.subscribe(frozenset({BTCUSDT}))
    assert desk.hub.watched() == {EURUSD: 2, BTCUSDT: 3}
    for client in clients:
        desk.hub.unsubscribe(BOTH, client)
    assert desk.hub.watched() == {BTCUSDT: 1}


async def test_stop_ends_those_who_are_there_and_those_who_come() -> None:
    desk = Desk()
    early = desk.hub.subscribe(BOTH)
    desk.hub.stop()
    late = desk.hub.subscribe(BOTH)
    assert (await early.next(), await late.next()) == (None, None)


async def test_a_heartbeat_and_an_aged_price_come_without_a_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.stream.hub.HEARTBEAT_EVERY_S", 0.05)
    desk = Desk()
    desk.move(BTCUSDT)
    client = desk.hub.subscribe(BOTH)
    _, prices = await event(client)
    assert prices[0]["state"] == "live"
    running = asyncio.ensure_future(desk.hub.run())
    beat = b'event: heartbeat\nid: %b\ndata: {"time":"2026-11-24T15:00:30Z"}\n\n'
    text = b""
    while beat % desk.hub.event_id().encode() not in text:
        text += await client.next() or b""
    desk.clock.now_us += 31_000_000
    while b'"age_ms":31000,"state":"stale"' not in text:
        text += await client.next() or b""
    running.cancel()
