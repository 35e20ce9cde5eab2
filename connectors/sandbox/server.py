"""The sandbox's server: one port that answers for every provider, each below its own prefix.

Prices, streams and faults are one world's; `/faults` and `/calls` are the sandbox's own paths.
"""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterator, Mapping
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from connectors.sandbox.answering import Answering, Threads
from connectors.sandbox.app import Endpoints, build_app
from connectors.sandbox.mounts import MOUNTS, Mount
from connectors.sandbox.player import Player
from connectors.sandbox.playing import RecordingPlayer, Recordings, played_mount
from connectors.sandbox.protocols import HttpConnection, StreamConnection
from connectors.sandbox.streams import Hub
from connectors.sandbox.wire import World, build_world
from market.clock import Clock, system_clock

STOP_DEADLINE_S = 1
"""Requests in flight get so long at a stop."""
MAX_MESSAGE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections."""

    host: str
    port: int
    world: World
    hubs: Mapping[str, Hub]
    failed: asyncio.Event
    """Set when the sandbox can't go on; the reason is raised at the end of the block."""

    @property
    def http_url(self) -> str:
        """The root of the REST paths."""
        return f"http://{self.host}:{self.port}"

    @property
    def websocket_url(self) -> str:
        """The root of the WebSocket paths."""
        return f"ws://{self.host}:{self.port}"


def serve(
    host: str,
    port: int,
    *,
    profile: str = "premium",
    seed: int = 7,
    ticks_per_s: float = 250,
    recordings: Recordings | None = None,
    speed: float = 1.0,
    clock: Clock = system_clock,
    stop: threading.Event | None = None,
    ready: Callable[[Running], None] | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`, after `ready` was told; see `running`.

    OSError when the port is taken, RecordingError when a recording is damaged.
    """
    server = running(
        host,
        port,
        profile=profile,
        seed=seed,
        ticks_per_s=ticks_per_s,
        recordings=recordings,
        speed=speed,
        clock=clock,
    )
    asyncio.run(_serve_until_stopped(server, stop, ready))


@contextlib.asynccontextmanager
async def running(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    profile: str = "premium",
    seed: int = 7,
    ticks_per_s: float = 250,
    max_connection_s: float | None = None,
    mounts: Mapping[str, Mount] = MOUNTS,
    recordings: Recordings | None = None,
    speed: float = 1.0,
    clock: Clock = system_clock,
) -> AsyncIterator[Running]:
    """A server for the time of the block; port 0 takes a free one.

    `max_connection_s` is the longest life of every stream; None: the provider's own. `recordings` are
    played in place of their providers' simulation, `speed` times as fast as they happened.
    """
    world = build_world(profile, seed, ticks_per_s)
    played = {provider: played_mount(provider, mounts[provider]) for provider in recordings or {}}
    mounts = {**mounts, **played}
    hubs = {
        provider: Hub(provider, clock, world.faults)
        for provider, mount in mounts.items()
        if mount.stream is not None
    }
    listener = _listen(host, port)
    threads = Threads()
    endpoints = Endpoints(world, mounts, hubs, Answering(world, threads, clock), max_connection_s)
    server = _Server(_config(build_app(endpoints, world)), hubs, threads)
    acts = [*_simulating(world, hubs, clock, without=played)]
    if recordings:
        acts.append(RecordingPlayer(recordings, hubs, world.faults, speed).play())
    failed = asyncio.Event()
    acting = [_watched(act, failed) for act in acts]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield Running(host, listener.getsockname()[1], world, hubs, failed)
    finally:
        server.should_exit = True
        await serving
        for act in acting:
            act.cancel()
        for act in acting:
            with contextlib.suppress(asyncio.CancelledError):
                await act


def _simulating(
    world: World, hubs: Mapping[str, Hub], clock: Clock, *, without: Container[str]
) -> Iterator[Coroutine[None, None, None]]:
    """What goes on beside the requests."""
    for provider, hub in hubs.items():
        yield hub.pass_time()
        if provider in world.tapes and provider not in without:
            yield Player(world.tapes[provider], hub, clock).play()


def _watched(act: Coroutine[None, None, None], failed: asyncio.Event) -> asyncio.Task[None]:
    """The task of an act; its failure is told at once, and raised when the server stops."""
    task = asyncio.create_task(act)

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            failed.set()

    task.add_done_callback(ended)
    return task


class _Server(uvicorn.Server):
    """Says goodbye on the streams before the connections go; leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, hubs: Mapping[str, Hub], threads: Threads) -> None:
        super().__init__(config)
        self._hubs = hubs
        self._threads = threads

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._threads.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpConnection) and connection.stubborn:
                connection.transport.abort()
        await asyncio.gather(*(hub.shut_down() for hub in self._hubs.values()))
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_until_stopped(
    server: contextlib.AbstractAsyncContextManager[Running],
    stop: threading.Event | None,
    ready: Callable[[Running], None] | None,
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
    if stop is not None:
        watcher = threading.Thread(target=_forward, args=(stop, stopped, loop), daemon=True)
        watcher.start()
    async with server as served:
        if ready is not None:
            ready(served)
        ends = [asyncio.ensure_future(end.wait()) for end in (stopped, served.failed)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()


def _forward(
    stop: threading.Event, stopped: asyncio.Event, loop: asyncio.AbstractEventLoop
) -> None:
    stop.wait()
    with contextlib.suppress(RuntimeError):  # a signal has ended the loop before
        loop.call_soon_threadsafe(stopped.set)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpConnection,
        ws=StreamConnection,
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
