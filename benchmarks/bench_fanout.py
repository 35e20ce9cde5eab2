"""Fan-out: the hub of the API against `websockets.broadcast`, 1,000 clients, two ticks a write.

Each server is a process with one event loop (uvloop) and sends every one of 100 pairs of prices to all
of its clients, as fast as it can; the clients are another process, of plain sockets. Ours goes through
hub, queue and ASGI of the real application, which may join what moves within 5 ms. A delivery is a price
at a client. Run: `pytest benchmarks/bench_fanout.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from api.app import create_app
from api.config import ApiConfig
from api.market.board import PriceBoard
from api.server import server_of
from api.stream.frames import encode, one_or_list
from api.stream.hub import GATHER_S
from benchmarks.conftest import Compare, NewDatabase
from benchmarks.crowd import crowd
from benchmarks.processes import child, listens, wait_until
from market.clock import system_clock
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from market.ticks import QUOTE, Tick, TickBatch
from tradewind.ports import free_port
from tradewind.servers import Servers

HOST = "127.0.0.1"
CLIENTS = 1_000
WRITES = 100
TICKS_A_WRITE = 2
READY_WITHIN_S = 60.0
SOURCE = source_of("binance", Feed.SIMULATED)
SSE_REQUEST = b"GET /api/stream/prices HTTP/1.1\r\nHost: benchmark\r\n\r\n"
WEBSOCKET_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: benchmark\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def writes(last_bid: str) -> Iterator[TickBatch]:
    """Quotes of two instruments at a time, in turns; those of the last write have the last bid."""
    ids = [instrument.id for instrument in CATALOGUE]
    for number in range(WRITES):
        now_us = system_clock()
        bid = last_bid if number == WRITES - 1 else f"{1_000 + number}.25"
        moving = (ids[(TICKS_A_WRITE * number + one) % len(ids)] for one in range(TICKS_A_WRITE))
        yield TickBatch.of(
            Tick(now_us, instrument, SOURCE.id, QUOTE, bid=bid, ask="99999.5")
            for instrument in moving
        )


def serve_hub(pipe: "Connection[str, str]", port: int, config: ApiConfig) -> None:
    """The API, whose hub is told of every write when the pipe says so."""

    async def main() -> None:
        app = create_app(config)
        server = server_of(app, host=HOST, port=port)
        serving = asyncio.create_task(server.serve())
        services = app.state.services

        async def send_all(last_bid: str) -> None:
            for batch in writes(last_bid):
                services.hub.publish(services.board.apply(batch))
                await asyncio.sleep(GATHER_S)

        await _obey(pipe, send_all)
        server.should_exit = True
        await serving

    uvloop.run(main())


def serve_broadcast(pipe: "Connection[str, str]", port: int) -> None:
    """A WebSocket server that broadcasts the same prices."""

    async def main() -> None:
        board = PriceBoard(CATALOGUE, Feed.SIMULATED, system_clock)
        board.warm_up()

        async def stay(connection: ServerConnection) -> None:
            await connection.wait_closed()

        # No pings: the clients only read.
        async with serve(stay, HOST, port, compression=None, ping_interval=None) as server:

            async def send_all(last_bid: str) -> None:
                for batch in writes(last_bid):
                    prices = board.prices(board.apply(batch))
                    text = one_or_list([encode(price) for price in prices]).decode()
                    broadcast(server.connections, text)
                    await asyncio.sleep(0)

            await _obey(pipe, send_all)

    uvloop.run(main())


async def _obey(
    pipe: "Connection[str, str]",
    send_all: Callable[[str], Awaitable[None]],
) -> None:
    """Send everything for each last bid that is asked for."""
    while last_bid := await asyncio.to_thread(pipe.recv):
        await send_all(last_bid)


class Broadcaster:
    """A server process and its crowd."""

    def __init__(self, server: "Connection[str, str]", clients: "Connection[bytes, int]") -> None:
        self._server = server
        self._clients = clients
        self._rounds = 0

    def send_all(self) -> None:
        """Send every write; return when every client has the last, and had all before it."""
        self._rounds += 1
        last_bid = f"{70_000 + self._rounds}.25"
        self._clients.send(b'"bid":%b' % last_bid.encode())
        self._server.send(last_bid)
        assert self._clients.recv() >= TICKS_A_WRITE * WRITES


@contextmanager
def broadcaster(
    serve_on: Callable[..., None], request: bytes, greeted: bytes, *arguments: Any
) -> Iterator[Broadcaster]:
    """The server and its clients while the block runs."""
    port = free_port(HOST)
    with ExitStack() as stack:
        server = stack.enter_context(child(serve_on, port, *arguments))
        wait_until(lambda: listens(HOST, port), "the server")
        address = (HOST, port)
        clients = stack.enter_context(child(crowd, address, CLIENTS, request, greeted))
        assert clients.poll(READY_WITHIN_S)
        clients.recv()
        yield Broadcaster(server, clients)
        clients.send(b"")
        server.send("")


def test_fan_out(compare: Compare, servers: Servers, new_database: NewDatabase) -> None:
    with ExitStack() as stack:
        config = ApiConfig(stack.enter_context(new_database()), servers.redis_url, Feed.SIMULATED)
        ours = stack.enter_context(broadcaster(serve_hub, SSE_REQUEST, b"event: snapshot", config))
        baseline = stack.enter_context(broadcaster(serve_broadcast, WEBSOCKET_REQUEST, b"101"))
        compare(
            "fan-out, 2 ticks a write, 1,000 clients",
            ours.send_all,
            baseline.send_all,
            baseline_name="websockets.broadcast, as many ticks a frame",
            work=WRITES * TICKS_A_WRITE * CLIENTS,
            unit="deliveries/s",
            target=">= 1.5",
            rounds=3,
        )
