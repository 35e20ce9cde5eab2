"""Streams over real sockets: life, and each fault of a connection."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from connectors.sandbox.server import Running, running
from connectors.sandbox.spoiling import GARBAGE
from tests.connectors.sandbox.support import ADDRESSES, forget, frame_of, get

TRADES = "/binance/stream?streams=btcusdt@trade/ethusdt@trade"
QUIET = "/binance/ws"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Running]:
    async with running(ticks_per_s=500) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(shared: Running) -> AsyncIterator[Running]:
    yield shared
    await forget(shared)


async def silence(client: ClientConnection, seconds: float = 0.5) -> bool:
    """Whether nothing comes for so long."""
    try:
        async with asyncio.timeout(seconds):
            await client.recv()
    except TimeoutError:
        return True
    return False


async def drained(client: ClientConnection) -> None:
    """Read what is on its way."""
    while not await silence(client, 0.2):
        pass


async def closing_of(client: ClientConnection) -> tuple[int, str]:
    """The close code, and the last frame before it."""
    last = ""
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                last = str(await client.recv())
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, last


class TestSilence:
    async def test_it_answers_pings_and_nothing_else(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES) as client:
            await client.recv()
            sandbox.world.faults.set("binance", "ws_silent", times=1)
            await drained(client)
            await client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            assert await silence(client)
            async with asyncio.timeout(5):
                await (await client.ping())

    async def test_it_does_not_even_answer_pings(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES, close_timeout=0.1) as client:
            await client.recv()
            sandbox.world.faults.set("binance", "ws_silent", times=1, pongs=False)
            await drained(client)
            pong = await client.ping()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await pong

    async def test_a_new_connection_is_open_and_silent(self, sandbox: Running) -> None:
        sandbox.world.faults.set("binance", "ws_silent", times=1)
        async with connect(sandbox.websocket_url + TRADES) as client:
            assert await silence(client)
        async with connect(sandbox.websocket_url + TRADES) as client:
            assert await frame_of(client)

    async def test_a_stop_does_not_wait_for_it(self) -> None:
        async with running(ticks_per_s=20) as server:
            server.world.faults.set("binance", "ws_silent", pongs=False)
            client = await connect(server.websocket_url + QUIET, close_timeout=0.1)
            async with asyncio.timeout(10):
                await server.hubs["binance"].occupied.wait()
        with pytest.raises(ConnectionClosedError):
            await client.recv()


class TestEnds:
    @pytest.mark.parametrize("status", [403, 503])
    async def test_a_refused_handshake(self, sandbox: Running, status: int) -> None:
        sandbox.world.faults.set("binance", "ws_refused", times=1, status=status)
        with pytest.raises(InvalidStatus) as refused:
            await connect(sandbox.websocket_url + TRADES)
        assert refused.value.response.status_code == status
        async with connect(sandbox.websocket_url + TRADES) as client:
            assert await frame_of(client)

    async def test_a_shutdown_now(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES) as client:
            await client.recv()
            sandbox.world.faults.set("binance", "ws_shutdown", times=1)
            code, last = await closing_of(client)
        assert code == 1001
        assert json.loads(last)["data"]["e"] == "serverShutdown"

    async def test_a_reset(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES) as client:
            await client.recv()
            sandbox.world.faults.set("binance", "ws_reset", times=1)
            with pytest.raises(ConnectionClosedError) as closed:
                while True:
                    await client.recv()
        assert closed.value.rcvd is None
        assert isinstance(closed.value.__cause__, ConnectionResetError)


class TestFrames:
    async def test_garbage(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + QUIET) as client:
            await client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            await client.recv()
            sandbox.world.faults.set("binance", "ws_garbage", times=1)
            assert await client.recv() == GARBAGE
            with pytest.raises(json.JSONDecodeError):
                json.loads(GARBAGE)

    async def test_a_replay(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES) as client:
            seen = [await client.recv() for _ in range(5)]
            sandbox.world.faults.set("binance", "ws_replay", times=1, frames=1_000)
            async with asyncio.timeout(10):
                while (frame := await client.recv()) not in seen:
                    seen.append(frame)
            assert frame == seen[0]

    @pytest.mark.parametrize(("fault", "step"), [("ws_skip", 2), ("ws_repeat", 0)])
    async def test_skipped_and_repeated_trade_ids(
        self, sandbox: Running, fault: str, step: int
    ) -> None:
        async with connect(sandbox.websocket_url + "/binance/ws/btcusdt@trade") as client:
            before = (await frame_of(client))["t"]
            sandbox.world.faults.set("binance", fault, times=1, symbol="BTC-USDT")
            steps: list[int] = []
            while step not in steps:
                trade = (await frame_of(client))["t"]
                steps.append(trade - before)
                before = trade
            assert set(steps) <= {1, step}

    async def test_prices_that_are_none(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + TRADES) as client:
            sandbox.world.faults.set("binance", "ws_nan", times=1)
            async with asyncio.timeout(10):
                while (frame := await frame_of(client))["data"]["p"] != "NaN":
                    pass
            assert frame["data"]["q"] == "NaN"
            assert (await frame_of(client))["data"]["p"] != "NaN"


@pytest.mark.parametrize("fault", ["ws_silent", "ws_refused", "ws_shutdown", "ws_reset", "ws_nan"])
async def test_a_fault_of_one_stream_leaves_the_others_alone(sandbox: Running, fault: str) -> None:
    async with connect(sandbox.websocket_url + TRADES) as client:
        await client.recv()
        sandbox.world.faults.set("coingecko", fault)
        frames = [await frame_of(client) for _ in range(30)]
        assert all(float(frame["data"]["p"]) > 0 for frame in frames)
        assert (await get(sandbox, ADDRESSES["coingecko"])).status_code == 200
