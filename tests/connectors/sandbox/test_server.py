"""The server over real sockets, with the clients that the connectors use."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.server import Running, running, serve
from connectors.sandbox.tape import BINANCE, PAIRS, VENUE_SHARES
from tests.connectors.sandbox.conftest import NOW_US

STREAMS = [
    f"{pair.venue_symbol.lower()}@{kind}" for pair in PAIRS for kind in ("trade", "bookTicker")
]
ALL = "/binance/stream?streams=" + "/".join(STREAMS)


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


@pytest.fixture
async def http(sandbox: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox.http_url) as client:
        yield client


class TestRest:
    async def test_one_port_answers_for_every_provider(self, http: httpx2.AsyncClient) -> None:
        now_ms = time.time() * 1_000
        quote = await ask(http, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=AAPL&apikey=k")
        rates = await ask(http, "/fixer/api/latest?access_key=k")
        price = await ask(http, "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd")
        ping = await ask(http, "/coingecko/api/v3/ping")
        chart = await ask(http, "/coingecko/api/v3/coins/pepe/market_chart?vs_currency=usd&days=1")
        klines = await ask(http, "/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=2")
        assert quote["Global Quote"]["01. symbol"] == "AAPL"
        assert abs(rates["timestamp"] * 1_000 - now_ms) < 10_000
        assert price["bitcoin"]["usd"] > 0
        assert ping == {"gecko_says": "(V3) To the Moon!"}
        assert len(chart["prices"]) > 280
        assert abs(klines[-1][0] - now_ms) < 70_000

    async def test_status_and_headers_are_the_providers(self, http: httpx2.AsyncClient) -> None:
        refused = await http.get("/alphavantage/query", headers={"accept": "text/csv"})
        assert refused.status_code == 406
        latest = await http.get("/fixer/api/latest?access_key=k")
        assert latest.headers["content-type"] == "application/json"
        assert latest.headers["etag"]
        assert (await http.get("/binance/api/v3/klines")).status_code == 400
        assert (await http.get("/elsewhere")).status_code == 404

    async def test_the_free_profile_has_quotas(self) -> None:
        async with (
            running(profile="free", clock=lambda: NOW_US) as server,
            httpx2.AsyncClient(base_url=server.http_url) as client,
        ):
            url = "/alphavantage/query?function=GLOBAL_QUOTE&symbol=KO&apikey=k"
            answers = await asyncio.gather(*(ask(client, url) for _ in range(5)))
            assert sum("Global Quote" in answer for answer in answers) == 1
            calls = [client.get("/coingecko/api/v3/ping") for _ in range(31)]
            refused = [r for r in await asyncio.gather(*calls) if r.status_code == 429]
            assert [answer.headers["retry-after"] for answer in refused] == ["55"]


class TestStreams:
    async def test_binance_has_its_share_of_the_ticks_and_nothing_is_missing(
        self, sandbox: Running
    ) -> None:
        async with connect(sandbox.websocket_url + ALL) as client:
            frames = await collect(client, seconds=3.0)
        assert len(frames) / 3.0 >= 0.8 * 250 * VENUE_SHARES[BINANCE]
        assert {frame["stream"] for frame in frames} == set(STREAMS)
        for pair in PAIRS:
            name = pair.venue_symbol.lower()
            ids = [f["data"]["t"] for f in frames if f["stream"] == f"{name}@trade"]
            updates = [f["data"]["u"] for f in frames if f["stream"] == f"{name}@bookTicker"]
            assert ids == list(range(ids[0], ids[0] + len(ids)))
            assert updates == sorted(set(updates))
        ages = [time.time() * 1_000 - f["data"]["E"] for f in frames[-5:] if "E" in f["data"]]
        assert all(age < 5_000 for age in ages)

    async def test_ids_go_on_across_clients_reconnects_and_restarts(self) -> None:
        trades: dict[int, Any] = {}
        for _ in range(2):
            async with running(ticks_per_s=2_000) as server:
                url = server.websocket_url + "/binance/ws/btcusdt@trade"
                async with connect(url) as one, connect(url) as other:
                    both = await asyncio.gather(collect(one, 0.5), collect(other, 0.5))
                for trade in (trade for frames in both for trade in frames):
                    assert trades.setdefault(trade["t"], trade) == trade
                assert {t["t"] for t in both[0]} & {t["t"] for t in both[1]}
        ordered = [trades[identity]["T"] for identity in sorted(trades)]
        assert ordered == sorted(ordered)

    async def test_klines_are_the_sum_of_the_streamed_trades(
        self, sandbox: Running, http: httpx2.AsyncClient
    ) -> None:
        async with connect(sandbox.websocket_url + "/binance/ws/btcusdt@trade") as client:
            trades = await collect(client, seconds=1.0)
        newest = trades[-1]
        (row, *_) = await ask(
            http,
            f"/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={newest['T'] // 60_000}0000",
        )
        of_minute = [t["p"] for t in trades if row[0] <= t["T"] <= row[6]]
        assert all(float(row[3]) <= float(price) <= float(row[2]) for price in of_minute)

    async def test_control_messages(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + "/binance/ws") as client:
            assert await control(client, "SUBSCRIBE", ["btcusdt@trade"]) == {
                "result": None,
                "id": 1,
            }
            assert (await control(client, "LIST_SUBSCRIPTIONS"))["result"] == ["btcusdt@trade"]
            trade = await frame_of(client)
            assert trade["e"] == "trade"
            assert (await control(client, "SET_PROPERTY", ["combined", True]))["result"] is None
            assert (await frame_of(client))["stream"] == "btcusdt@trade"
            refusal = await control(client, "NOTHING")
            assert refusal["code"] == 2

    async def test_unsubscribing_silences_a_stream(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + ALL) as client:
            assert (await control(client, "UNSUBSCRIBE", STREAMS[1:]))["result"] is None
            assert {f["stream"] for f in await collect(client, 1.0)} == {STREAMS[0]}

    async def test_more_than_five_messages_a_second_end_the_connection(
        self, sandbox: Running
    ) -> None:
        async with connect(sandbox.websocket_url + "/binance/ws") as client:
            for _ in range(6):
                await client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            with pytest.raises(ConnectionClosedError) as closed:
                await collect(client, 5.0)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008

    async def test_a_connection_ends_after_its_longest_time(self) -> None:
        async with (
            running(max_connection_s=0.3) as server,
            connect(server.websocket_url + ALL) as client,
        ):
            with pytest.raises(ConnectionClosed) as closed:
                await collect(client, 5.0)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001

    async def test_a_binary_message_ends_the_connection(self, sandbox: Running) -> None:
        async with connect(sandbox.websocket_url + "/binance/ws") as client:
            await client.send(b"\x00")
            with pytest.raises(ConnectionClosed):
                await collect(client, 5.0)

    async def test_a_client_that_vanishes_is_forgotten(self, sandbox: Running) -> None:
        client = await connect(sandbox.websocket_url + ALL)
        client.transport.abort()
        async with connect(sandbox.websocket_url + ALL) as other:
            assert await collect(other, 0.5)


class TestKeepalive:
    async def test_pings_carry_a_payload_and_an_unanswered_one_ends_the_connection(self) -> None:
        stream = MOUNTS["binance"].stream
        assert stream is not None
        brisk = replace(stream, ping_interval_s=0.2, pong_deadline_s=0.3)
        async with running(mounts={"binance": replace(MOUNTS["binance"], stream=brisk)}) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(_handshake("/binance/ws", server))
            await reader.readuntil(b"\r\n\r\n")
            opcode, payload = await asyncio.wait_for(_frame(reader), 5)
            assert (opcode, len(payload)) == (0x9, 4)
            opcode, payload = await asyncio.wait_for(_frame(reader), 5)
            assert opcode == 0x8
            writer.close()


class TestLife:
    async def test_a_stop_announces_itself_on_every_stream(self) -> None:
        async with running() as server:
            client = await connect(server.websocket_url + ALL)
            await client.recv()
        last = ""
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                last = str(await client.recv())
        assert json.loads(last)["data"]["e"] == "serverShutdown"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001

    def test_serve_ends_when_the_event_is_set(self) -> None:
        stop = threading.Event()
        port = _free_port()
        thread = threading.Thread(target=serve, args=("127.0.0.1", port), kwargs={"stop": stop})
        thread.start()
        assert _first_answer(port)["gecko_says"]
        stop.set()
        thread.join(5)
        assert not thread.is_alive()

    def test_sigterm_ends_the_process_cleanly_and_soon(self) -> None:
        port = _free_port()
        code = f"from connectors.sandbox.server import serve; serve('127.0.0.1', {port})"
        process = subprocess.Popen([sys.executable, "-c", code])
        try:
            assert _first_answer(port)["gecko_says"]
            begun = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(5) == 0
            assert time.monotonic() - begun < 2.0
        finally:
            process.kill()
            process.wait()

    def test_a_stop_does_not_wait_for_histories_and_is_quiet(self) -> None:
        port = _free_port()
        code = f"from connectors.sandbox.server import serve; serve('127.0.0.1', {port})"
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        path = b"/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1000"
        asked = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        waiting: list[socket.socket] = []
        try:
            _first_answer(port)
            waiting += [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
            for connection in waiting:
                connection.sendall(asked)
            assert waiting[0].recv(1)
            begun = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            output, _ = process.communicate(timeout=10)
            assert time.monotonic() - begun < 5.0
            assert (process.returncode, output) == (0, b"")
        finally:
            process.kill()
            process.wait()
            for connection in waiting:
                connection.close()

    def test_a_taken_port_is_an_os_error(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as taken,
            pytest.raises(OSError, match="in use"),
        ):
            serve("127.0.0.1", taken.getsockname()[1])


async def ask(client: httpx2.AsyncClient, url: str) -> Any:
    answer = await client.get(url)
    assert answer.status_code == 200
    return answer.json()


async def collect(client: ClientConnection, seconds: float) -> list[Any]:
    """The frames of so many seconds."""
    frames: list[Any] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                frames.append(json.loads(await client.recv()))
    except TimeoutError:
        return frames


async def control(client: ClientConnection, method: str, params: Any = None) -> Any:
    """Send a control message; its reply, frames skipped."""
    message = {"method": method, "id": 1} | ({"params": params} if params else {})
    await client.send(json.dumps(message))
    async with asyncio.timeout(5):
        while True:
            reply = json.loads(await client.recv())
            if "id" in reply:
                return reply


async def frame_of(client: ClientConnection) -> Any:
    async with asyncio.timeout(5):
        return json.loads(await client.recv())


def _handshake(path: str, server: Running) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {server.host}:{server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    return "\r\n".join([*lines, "", ""]).encode()


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and payload of a short server frame."""
    first, length = await reader.readexactly(2)
    return first & 0x0F, await reader.readexactly(length)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _first_answer(port: int) -> Any:
    """The answer to a ping, as soon as the server listens."""
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=6), base_url=url) as client:
        return client.get("/coingecko/api/v3/ping").json()
