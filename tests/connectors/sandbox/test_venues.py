"""Each provider's stream over a real socket: greeting, subscription, data, end."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from connectors.sandbox.server import Running, running
from tests.connectors.sandbox.support import forget, frame_of, until

BINANCE = "/binance/stream?streams=btcusdt@trade"
KRAKEN_TRADES = {
    "method": "subscribe",
    "params": {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD"], "snapshot": True},
}
COINBASE_MATCHES = {
    "type": "subscribe",
    "product_ids": ["BTC-USD", "ETH-USD"],
    "channels": ["matches", "heartbeat"],
}
CHANNEL = '{"channel":"CGSimplePrice"}'
COINGECKO = [
    {"command": "subscribe", "identifier": CHANNEL},
    {
        "command": "message",
        "identifier": CHANNEL,
        "data": '{"coin_id":["bitcoin"],"vs_currencies":["usd"],"action":"set_tokens"}',
    },
]
OPENINGS: dict[str, tuple[str, list[Any]]] = {
    "binance": (BINANCE, []),
    "kraken": ("/kraken/v2", [KRAKEN_TRADES]),
    "coinbase": ("/coinbase", [COINBASE_MATCHES]),
    "coingecko": ("/coingecko/v1?x_cg_pro_api_key=k", COINGECKO),
}
MARKS = {"binance": '"p":', "kraken": '"price":', "coinbase": '"price":', "coingecko": '"p":'}
"""What a frame with a price holds."""
BITCOIN = {"BTC/USD", "BTC-USD"}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Running]:
    async with running(ticks_per_s=500) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(shared: Running) -> AsyncIterator[Running]:
    yield shared
    await forget(shared)


async def opened(server: Running, provider: str) -> ClientConnection:
    """A connection that is subscribed."""
    path, requests = OPENINGS[provider]
    client = await connect(server.websocket_url + path, close_timeout=0.2)
    for request in requests:
        await client.send(json.dumps(request))
    return client


async def test_kraken_greets_acknowledges_each_symbol_replays_and_goes_on(
    sandbox: Running,
) -> None:
    client = await opened(sandbox, "kraken")
    assert (await frame_of(client))["data"][0]["system"] == "online"
    ids: dict[str, list[int]] = {"BTC/USD": [], "ETH/USD": []}
    acknowledged: list[str] = []
    while min(map(len, ids.values())) < 70:
        frame = await frame_of(client)
        if "result" in frame:
            acknowledged.append(frame["result"]["symbol"])
        if frame.get("channel") == "trade":
            for trade in frame["data"]:
                ids[trade["symbol"]].append(trade["trade_id"])
    assert acknowledged == list(ids)
    for numbers in ids.values():
        assert set(numbers) == set(range(numbers[0], max(numbers) + 1))
    await client.close()


async def test_coinbase_confirms_replays_and_goes_on(sandbox: Running) -> None:
    client = await opened(sandbox, "coinbase")
    assert (await frame_of(client))["type"] == "subscriptions"
    ids: list[int] = []
    kinds: list[str] = []
    while len(ids) < 30 or "heartbeat" not in kinds:
        frame = await frame_of(client)
        kinds.append(frame["type"])
        if "trade_id" in frame and frame["product_id"] == "BTC-USD":
            ids.append(frame["trade_id"])
    assert kinds[0] == "last_match"
    assert set(ids) == set(range(ids[0], max(ids) + 1))
    await client.close()


async def test_coingecko_greets_twice_confirms_and_says_prices(sandbox: Running) -> None:
    client = await opened(sandbox, "coingecko")
    frames = [json.loads(frame) for frame in await until(client, '"c":"C1"')]
    assert [frame.get("code", frame.get("type")) for frame in frames[:4]] == [
        3000,
        "welcome",
        "confirm_subscription",
        2000,
    ]
    assert frames[-1]["i"] == "bitcoin"
    await client.close()


@pytest.mark.parametrize("provider", OPENINGS)
async def test_data_is_fresh_and_a_stop_ends_the_stream(provider: str) -> None:
    async with running(ticks_per_s=500) as server:
        client = await opened(server, provider)
        await until(client, MARKS[provider])
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(5):
            while True:
                await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


@pytest.mark.parametrize("provider", OPENINGS)
async def test_a_connection_ends_after_its_longest_life(provider: str) -> None:
    async with running(ticks_per_s=20, max_connection_s=0.3) as server:
        client = await opened(server, provider)
        begun = time.monotonic()
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(5):
                while True:
                    await client.recv()
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("struck", OPENINGS)
async def test_a_cut_of_one_stream_leaves_the_three_others_going(
    sandbox: Running, struck: str
) -> None:
    clients = {provider: await opened(sandbox, provider) for provider in OPENINGS}
    for provider, client in clients.items():
        await until(client, MARKS[provider])
    sandbox.world.faults.set(struck, "ws_shutdown", times=1)
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(5):
            while True:
                await clients[struck].recv()
    others = [provider for provider in OPENINGS if provider != struck]
    await asyncio.gather(*(until(clients[name], MARKS[name]) for name in others))
    for name in others:
        await clients[name].close()


async def test_krakens_maintenance_is_announced(sandbox: Running) -> None:
    client = await opened(sandbox, "kraken")
    await until(client, '"price":')
    sandbox.world.faults.set("kraken", "ws_shutdown", times=1)
    last = await until(client, '"maintenance"')
    assert json.loads(last[-1])["channel"] == "status"
    with pytest.raises(ConnectionClosed):
        await client.recv()


@pytest.mark.parametrize(("fault", "step"), [("ws_skip", 2), ("ws_repeat", 0)])
@pytest.mark.parametrize("provider", ["kraken", "coinbase"])
async def test_skipped_and_repeated_trades(
    sandbox: Running, provider: str, fault: str, step: int
) -> None:
    client = await opened(sandbox, provider)
    ids = [number for frame in await until(client, '"price":') for number in trade_ids(frame)]
    sandbox.world.faults.set(provider, fault, times=1, symbol="BTC-USD")
    async with asyncio.timeout(10):
        while not _strange(ids) or ids[-1] - ids[-2] != 1:  # until it goes on as before
            ids += trade_ids(str(await client.recv()))
    await client.close()
    assert _strange(ids) == [step]


def _strange(ids: list[int]) -> list[int]:
    """The steps from trade to trade that are not to the next one."""
    steps = [after - before for before, after in itertools.pairwise(ids)]
    return [step for step in steps if step != 1]


def trade_ids(text: str) -> list[int]:
    """The ids of Bitcoin's trades in a frame."""
    frame = json.loads(text)
    rows = frame["data"] if frame.get("channel") == "trade" else [frame]
    mine = [row for row in rows if {row.get("symbol"), row.get("product_id")} & BITCOIN]
    return [row["trade_id"] for row in mine if "trade_id" in row]


async def test_venues_differ_a_little(sandbox: Running) -> None:
    prices: dict[str, float] = {}
    for provider, name in (("kraken", "symbol"), ("coinbase", "product_id")):
        client = await opened(sandbox, provider)
        while provider not in prices:
            frame = await frame_of(client)
            rows = frame["data"] if frame.get("channel") == "trade" else [frame]
            for row in rows:
                if row.get(name) in BITCOIN and "price" in row:
                    prices[provider] = float(row["price"])
        await client.close()
    assert prices["kraken"] != prices["coinbase"]
    assert prices["kraken"] == pytest.approx(prices["coinbase"], rel=2e-3)
