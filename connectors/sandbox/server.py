"""The sandbox's server: one port that answers for every provider.

`GET /query` is Alpha Vantage, `/api/…` Fixer, `/api/v3/…` CoinGecko, `/api/v3/klines` Binance, and
the WebSockets `/stream` and `/ws/…` are Binance's. Which of them a client talks to is its base URL.
"""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.sandbox import alphavantage, binance, coingecko, fixer
from connectors.sandbox.binance import MAX_MESSAGES_PER_S, Control
from connectors.sandbox.streams import GOING_AWAY, POLICY, Client, Hub
from connectors.sandbox.wire import Answer, Request, World, build_world
from market.clock import Clock, system_clock

PING_INTERVAL_S = 20.0
PONG_DEADLINE_S = 60.0
MAX_CONNECTION_S = 86_400.0
STOP_DEADLINE_S = 1
"""Requests in flight get so long at a stop."""
MAX_MESSAGE_BYTES = 65_536

Responder = Callable[[World, Request], Answer]

STOPPING = Answer(b"", status=503)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections."""

    host: str
    port: int
    world: World

    @property
    def http_url(self) -> str:
        """The root of the REST paths."""
        return f"http://{self.host}:{self.port}"

    @property
    def websocket_url(self) -> str:
        """The root of the WebSocket paths."""
        return f"ws://{self.host}:{self.port}"


class Threads:
    """Where answers are computed: prices in one thread, histories in another.

    Prices never wait for a history, and more threads would only fight over the interpreter: four
    took three times as long for the same histories.
    """

    def __init__(self) -> None:
        self._prices = ThreadPoolExecutor(1, "sandbox-prices")
        self._histories = ThreadPoolExecutor(1, "sandbox-histories")
        self._answering: set[asyncio.Future[Answer]] = set()
        self._closed = False

    async def answer(
        self, responder: Responder, world: World, request: Request, *, history: bool
    ) -> Answer:
        """What the responder says; `STOPPING` where the server stops before."""
        if self._closed:
            return STOPPING
        thread = self._histories if history else self._prices
        loop = asyncio.get_running_loop()
        answering = loop.run_in_executor(thread, responder, world, request)
        self._answering.add(answering)
        try:
            return await answering
        except asyncio.CancelledError:
            return STOPPING
        finally:
            self._answering.discard(answering)

    def close(self) -> None:
        """Wait for no answer any more; what a thread has begun ends by itself."""
        self._closed = True
        for answering in self._answering:
            answering.cancel()
        for thread in (self._prices, self._histories):
            thread.shutdown(wait=False, cancel_futures=True)


def serve(
    host: str,
    port: int,
    *,
    profile: str = "premium",
    seed: int = 7,
    ticks_per_s: float = 250,
    stop: threading.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`. OSError when the port is taken."""
    server = running(host, port, profile=profile, seed=seed, ticks_per_s=ticks_per_s)
    asyncio.run(_serve_until_stopped(server, stop))


@contextlib.asynccontextmanager
async def running(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    profile: str = "premium",
    seed: int = 7,
    ticks_per_s: float = 250,
    max_connection_s: float = MAX_CONNECTION_S,
    clock: Clock = system_clock,
) -> AsyncIterator[Running]:
    """A server for the time of the block; port 0 takes a free one."""
    world = build_world(profile, seed, ticks_per_s)
    hub = Hub(world.tape, clock)
    listener = _listen(host, port)
    threads = Threads()
    app = build_app(world, hub, threads, max_connection_s=max_connection_s, clock=clock)
    server = _Server(_config(app), hub, threads)
    player = asyncio.create_task(hub.play())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield Running(host, listener.getsockname()[1], world)
    finally:
        server.should_exit = True
        await serving
        player.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await player


def build_app(
    world: World, hub: Hub, threads: Threads, *, max_connection_s: float, clock: Clock
) -> Starlette:
    """The routes; a fault injector can wrap what this returns."""

    def answering(responder: Responder) -> Callable[[HttpRequest], object]:
        async def endpoint(http: HttpRequest) -> Response:
            path = str(http.path_params.get("path", ""))
            request = Request(path, dict(http.query_params), dict(http.headers), clock())
            answer = await threads.answer(responder, world, request, history=_is_history(http))
            return Response(
                answer.body, answer.status, dict(answer.headers), media_type="application/json"
            )

        return endpoint

    async def websocket(socket: WebSocket) -> None:
        await _Session(socket, hub).run(max_connection_s)

    return Starlette(
        routes=[
            Route("/query", answering(alphavantage.respond)),
            Route("/api/v3/klines", answering(binance.klines)),
            Route("/api/v3/{path:path}", answering(coingecko.respond)),
            Route("/api/{path:path}", answering(fixer.respond)),
            WebSocketRoute("/stream", websocket),
            WebSocketRoute("/ws", websocket),
            WebSocketRoute("/ws/{streams:path}", websocket),
        ]
    )


def _is_history(http: HttpRequest) -> bool:
    intraday = http.query_params.get("function", "").endswith("_INTRADAY")
    return intraday or http.url.path.endswith(("/klines", "/market_chart"))


class _Session:
    """One WebSocket: a reader of control messages and a writer of the client's queue."""

    def __init__(self, socket: WebSocket, hub: Hub) -> None:
        self._socket = socket
        self._hub = hub
        combined = socket.url.path == "/stream"
        names = socket.query_params.get("streams", "") if combined else ""
        names = names or str(socket.path_params.get("streams", ""))
        streams = list(dict.fromkeys(name for name in names.split("/") if name))
        self._client = Client(Control(combined, streams[: binance.MAX_STREAMS]))
        self._received: deque[float] = deque(maxlen=MAX_MESSAGES_PER_S)

    async def run(self, max_connection_s: float) -> None:
        await self._socket.accept()
        self._hub.join(self._client)
        loop = asyncio.get_running_loop()
        cut = loop.call_later(max_connection_s, self._client.cut, GOING_AWAY)
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        self._client.abort = writer.cancel
        try:
            await asyncio.wait([writer])
        finally:
            cut.cancel()
            self._hub.leave(self._client)
            reader.cancel()
            writer.cancel()
            await asyncio.wait([reader, writer])

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await self._write_until_cut()

    async def _write_until_cut(self) -> None:
        while True:
            await self._client.wake.wait()
            closing = self._client.closing
            for message in self._client.take():
                await self._socket.send_text(message)
            if closing is not None:
                await self._socket.close(closing)
                return

    async def _read(self) -> None:
        """Answer control messages until the peer goes; too many in a second end the connection."""
        try:
            while True:
                message = await self._socket.receive_text()
                if self._too_fast():
                    self._client.cut(POLICY)
                    return
                before = self._client.control.streams
                self._client.put(self._client.control.handle(message))
                self._hub.resubscribe(self._client, before)
        except (WebSocketDisconnect, KeyError):  # KeyError: a binary message
            self._client.cut(GOING_AWAY)

    def _too_fast(self) -> bool:
        now_s = time.monotonic()
        full = len(self._received) == MAX_MESSAGES_PER_S
        too_fast = full and now_s - self._received[0] < 1.0
        self._received.append(now_s)
        return too_fast


class _Server(uvicorn.Server):
    """Says goodbye on the streams before the connections go; leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, hub: Hub, threads: Threads) -> None:
        super().__init__(config)
        self._hub = hub
        self._threads = threads

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._threads.close()
        await self._hub.shut_down()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_until_stopped(
    server: contextlib.AbstractAsyncContextManager[Running], stop: threading.Event | None
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
    if stop is not None:
        watcher = threading.Thread(target=_forward, args=(stop, stopped, loop), daemon=True)
        watcher.start()
    async with server:
        await stopped.wait()


def _forward(
    stop: threading.Event, stopped: asyncio.Event, loop: asyncio.AbstractEventLoop
) -> None:
    stop.wait()
    with contextlib.suppress(RuntimeError):  # a signal has ended the loop before
        loop.call_soon_threadsafe(stopped.set)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_ping_interval=PING_INTERVAL_S,
        ws_ping_timeout=PONG_DEADLINE_S,
        ws_per_message_deflate=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=STOP_DEADLINE_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener
