"""Stand-in venues: a dialect without rules, a server that plays one act a connection, a client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve

from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.connector import KEEP, Heard
from connectors.streaming import Stream
from market.log import LogWriter
from tests.connectors.support import MemoryLog, MemoryWriter

FRAME = '{"stream":"btcusdt@trade","data":{"t":%d}}'
SHUTDOWN = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}'

START_NS = 1_723_161_254_000_000_000

Act = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Plain:
    """Keeps every frame but those of `answers`, which say what they are."""

    address: str
    answers: Mapping[bytes, Heard] = field(default_factory=dict)
    provider: str = "binance"
    shard: str = "0"
    headers: Mapping[str, str] = field(default_factory=dict)
    silence_s: float = 30.0
    max_age_s: float | None = None
    ping_s: float | None = None
    opens_with: Sequence[str] = ()

    def opening(self) -> Sequence[str]:
        return self.opens_with

    def ping(self) -> str:
        return "ping"

    def hear(self, frame: bytes) -> Heard:
        if frame == SHUTDOWN.encode():
            return Heard(leave=True)
        return self.answers.get(frame, KEEP)


@dataclass
class Exchange:
    """Plays one act a connection, the last one for all that follow."""

    url: str
    connections: list[ServerConnection] = field(default_factory=list)


@contextlib.asynccontextmanager
async def exchange(*acts: Act) -> AsyncIterator[Exchange]:
    async def handle(connection: ServerConnection) -> None:
        standing.connections.append(connection)
        await acts[min(len(standing.connections), len(acts)) - 1](connection)

    async with serve(handle, "127.0.0.1", 0, ping_interval=None) as server:
        standing = Exchange(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        yield standing


def sends(*numbers: int, then: str = "stay") -> Act:
    async def act(connection: ServerConnection) -> None:
        for number in numbers:
            await connection.send(FRAME % number)
        if then == "stay":
            await connection.wait_closed()
        elif then == "shut down":
            await connection.send(SHUTDOWN)
            await connection.wait_closed()
        elif then == "vanish":
            connection.transport.abort()

    return act


@dataclass
class Clock:
    """A nanosecond later at every look: one for the connection, one for each frame."""

    now_ns: int = START_NS
    looks: int = 0
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> int:
        self.now_ns += 1
        if self.now_ns == START_NS + self.looks:
            self.seen.set()
        return self.now_ns


@dataclass
class Waits:
    """Remembers the stream's waits, and says when there were so many."""

    waits_s: list[float] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def sleep(self, seconds: float) -> None:
        async with self.changed:
            self.waits_s.append(seconds)
            self.changed.notify_all()
        await asyncio.sleep(0)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: len(self.waits_s) >= count)


@contextlib.asynccontextmanager
async def streaming(
    dialect: Plain, log: MemoryLog, writer: LogWriter | None = None, **options: object
) -> AsyncIterator[Stream]:
    """A client that runs for the time of the block."""
    stream = Stream(
        dialect.provider,
        lambda: dialect,
        writer or MemoryWriter(log, "binance-0"),
        through_proxy=False,
        **{
            "clock_ns": Clock(),
            "backoff": Backoff(first_s=0.001, longest_s=0.01),
            "breaker": Breaker(threshold=1_000),
            **options,
        },  # type: ignore[arg-type]  # a test names a few options
    )
    task = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def frames(log: MemoryLog) -> list[int]:
    """The numbers of the frames in the log, in order."""
    lines = [line for record in log.records for line in record.payload.splitlines()]
    return [int(line.rsplit(b":", 1)[1].rstrip(b"}")) for line in lines]
