"""Stand-in venues: a dialect without rules, and a server that plays one act a connection."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve

from connectors.connector import KEEP, Heard

FRAME = '{"stream":"btcusdt@trade","data":{"t":%d}}'
SHUTDOWN = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}'

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
