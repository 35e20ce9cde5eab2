"""Recordings over real sockets: their own text, at their own pace, to a clean end."""

import asyncio
import itertools
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from connectors.errors import RecordingError
from connectors.sandbox.recorded import lines, recordings_of
from connectors.sandbox.server import running
from tests.connectors.sandbox.support import ADDRESSES, get
from tests.connectors.sandbox.test_recorded import BINANCE, write

SECOND_NS = 1_000_000_000
STREAMS = "/binance/stream?streams=btcusdt@trade/btcusdt@bookTicker"


async def everything(client: ClientConnection) -> list[str]:
    """All frames up to the close, which is a 1001."""
    frames: list[str] = []
    async with asyncio.timeout(20):
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                frames.append(str(await client.recv()))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    return frames


@pytest.fixture
def excerpt(tmp_path: Path) -> Path:
    """The first two thousand lines of a real recording, which took 30 seconds or so."""
    rows = itertools.islice(lines(BINANCE / "btcusdt_20240808.gz"), 2_000)
    return write(tmp_path / "excerpt", *(f"{ns} {text}" for ns, text in rows))


async def test_real_frames_come_with_their_own_text_and_then_the_end(excerpt: Path) -> None:
    texts = [text for _, text in lines(excerpt) if "@trade" in text or "@bookTicker" in text]
    async with running(recordings=recordings_of([str(excerpt)]), speed=100) as server:
        async with connect(server.websocket_url + STREAMS) as client:
            frames = await everything(client)
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.websocket_url + STREAMS)
        assert refused.value.response.status_code == 503
    assert frames[:-1] == texts
    assert "serverShutdown" in frames[-1]


async def test_the_pace_is_the_recorded_one(tmp_path: Path) -> None:
    rows = [f'{n * SECOND_NS} {{"stream":"a","data":{n}}}' for n in range(1, 5)]
    path = write(tmp_path / "file", *rows)
    loop = asyncio.get_running_loop()
    async with (
        running(recordings={"binance": [path]}, speed=10) as server,
        connect(server.websocket_url + "/binance/stream?streams=a") as client,
    ):
        times: list[float] = []
        for _ in rows:
            async with asyncio.timeout(10):
                await client.recv()
            times.append(loop.time())
    assert 0.2 < times[-1] - times[0] < 0.6


async def test_who_comes_anew_has_missed_something(tmp_path: Path) -> None:
    rows = [f'{n * SECOND_NS} {{"stream":"a","data":{n}}}' for n in range(1, 31)]
    path = write(tmp_path / "file", *rows)
    async with running(recordings={"binance": [path]}, speed=20) as server:
        url = server.websocket_url + "/binance/stream?streams=a"
        async with connect(url) as client:
            assert await client.recv() == '{"stream":"a","data":1}'
        await asyncio.wait_for(asyncio.sleep(0.2), 5)
        async with connect(url) as client:
            assert await client.recv() != '{"stream":"a","data":2}'


async def test_recordings_of_several_providers_share_a_time_line(tmp_path: Path) -> None:
    # A ten-thousandth of the pace: 50 µs in the files are half a second.
    rows = ['1000 {"channel":"trade","x": 1}', '61000 {"channel":"trade","x": 2}']
    kraken = write(tmp_path / "k", *rows)
    coinbase = write(tmp_path / "c", '51000 {"type":"match","product_id":"A-B"}')
    recordings = {"kraken": [kraken], "coinbase": [coinbase]}
    async with (
        running(recordings=recordings, speed=1e-4) as server,
        connect(server.websocket_url + "/kraken/v2") as client,
        connect(server.websocket_url + "/coinbase") as other,
    ):
        await client.send('{"method":"subscribe","params":{"channel":"trade","symbol":["A"]}}')
        await other.send('{"type":"subscribe","product_ids":["A-B"],"channels":["matches"]}')
        both = await asyncio.gather(everything(client), everything(other))
    assert '{"channel":"trade","x": 2}' in both[0]
    assert '{"type":"match","product_id":"A-B"}' in both[1]


async def test_the_others_are_simulated_and_the_played_one_has_its_stream_alone(
    excerpt: Path,
) -> None:
    async with running(recordings={"binance": [excerpt]}, ticks_per_s=20) as server:
        assert (await get(server, ADDRESSES["binance"])).status_code == 503
        assert (await get(server, ADDRESSES["coingecko"])).status_code == 200


async def test_faults_of_connections_strike_a_played_stream(tmp_path: Path) -> None:
    path = write(tmp_path / "file", '1 {"stream":"a","data":1}', f'{10**13} {{"stream":"a"}}')
    async with (
        running(recordings={"binance": [path]}) as server,
        connect(server.websocket_url + "/binance/stream?streams=a") as client,
    ):
        await client.recv()
        server.world.faults.set("binance", "ws_shutdown", times=1)
        assert len(await everything(client)) == 1


async def test_a_file_that_is_damaged_further_on_ends_the_server(tmp_path: Path) -> None:
    path = write(tmp_path / "file", '1 {"stream":"a","data":1}', "damage")
    with pytest.raises(RecordingError, match="line 2"):
        async with (
            running(recordings={"binance": [path]}) as server,
            connect(server.websocket_url + "/binance/stream?streams=a"),
        ):
            await asyncio.wait_for(server.failed.wait(), 10)
