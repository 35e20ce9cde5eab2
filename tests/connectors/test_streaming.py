"""The stream's client against a stand-in exchange: frames into the log, through every kind of end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve

from connectors.appending import Appender
from connectors.backoff import Backoff
from connectors.errors import AppendError
from connectors.streaming import MAX_ENTRY_FRAMES, BinanceStream, stream_address
from market.log import LogEntry, LogWriter
from tests.connectors.support import MemoryLog, MemoryWriter

FRAME = '{"stream":"btcusdt@trade","data":{"t":%d}}'
SHUTDOWN = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}'
START_NS = 1_723_161_254_000_000_000

Act = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Clock:
    """A nanosecond later at every look, which is once a frame; says when the third one came."""

    now_ns: int = START_NS
    third: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> int:
        self.now_ns += 1
        if self.now_ns == START_NS + 3:
            self.third.set()
        return self.now_ns


@dataclass
class Gaps:
    """What the client says that it has missed."""

    noted: list[tuple[int, int]] = field(default_factory=list)

    def note(self, start_us: int, end_us: int) -> None:
        self.noted.append((start_us, end_us))


@dataclass
class Exchange:
    """Plays one act a connection, the last one for all that follow."""

    url: str
    paths: list[str] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)


@contextlib.asynccontextmanager
async def exchange(*acts: Act) -> AsyncIterator[Exchange]:
    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        standing.paths.append(connection.request.path)
        standing.connections.append(connection)
        await acts[min(len(standing.paths), len(acts)) - 1](connection)

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


@contextlib.asynccontextmanager
async def streaming(
    url: str, log: MemoryLog, writer: LogWriter | None = None, **options: object
) -> AsyncIterator[BinanceStream]:
    """A client that runs for the time of the block."""
    stream = BinanceStream(
        stream_address(url, ["BTCUSDT"]),
        writer or MemoryWriter(log, "binance-0"),
        through_proxy=False,
        backoff=Backoff(first_s=0.001, longest_s=0.01),
        **{"clock_ns": Clock(), **options},  # type: ignore[arg-type]  # a test names a few options
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


def test_the_address_names_trades_and_quotes_of_every_symbol() -> None:
    assert stream_address("wss://x", ["BTCUSDT", "ETHUSDT"]) == (
        "wss://x/stream?streams=btcusdt@trade/btcusdt@bookTicker/ethusdt@trade/ethusdt@bookTicker"
    )


async def test_frames_are_packed_as_they_came() -> None:
    log = MemoryLog()
    async with exchange(sends(1)) as server, streaming(server.url, log) as stream:
        await log.until(lambda records: len(records) == 1)
        assert stream.ready.is_set()
    (record,) = log.records
    assert server.paths == ["/stream?streams=btcusdt@trade/btcusdt@bookTicker"]
    assert (record.kind, record.context, record.partition) == ("frames", "", "binance-0")
    assert record.payload == f"{START_NS + 1} {FRAME % 1}\n".encode()
    assert record.received_us == START_NS // 1_000


async def test_a_frame_of_several_lines_becomes_one() -> None:
    async def act(connection: ServerConnection) -> None:
        await connection.send('{"a":\n1}')
        await connection.wait_closed()

    log = MemoryLog()
    async with exchange(act) as server, streaming(server.url, log):
        await log.until(lambda records: len(records) == 1)
    assert log.records[0].payload.count(b"\n") == 1


class Gated(MemoryWriter):
    """Every append waits for the gate."""

    gate: asyncio.Event

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log, "binance-0")
        self.gate, self.begun = asyncio.Event(), asyncio.Event()

    async def append(self, entries: Sequence[LogEntry]) -> None:
        self.begun.set()
        await self.gate.wait()
        await super().append(entries)


async def test_frames_that_come_during_an_append_go_together() -> None:
    log = MemoryLog()
    writer = Gated(log)
    more, sent = asyncio.Event(), asyncio.Event()

    async def act(connection: ServerConnection) -> None:
        await connection.send(FRAME % 1)
        await more.wait()
        for number in range(2, 50):
            await connection.send(FRAME % number)
        pong = await connection.ping()
        await pong  # the client has read everything before it
        sent.set()
        await connection.wait_closed()

    async with exchange(act) as server, streaming(server.url, log, writer):
        await writer.begun.wait()
        more.set()
        await sent.wait()
        writer.gate.set()
        await log.until(lambda records: sum(r.payload.count(b"\n") for r in records) == 49)
    assert frames(log) == list(range(1, 50))
    assert log.records[0].payload.count(b"\n") == 1
    assert len(log.records) <= 3
    assert MAX_ENTRY_FRAMES >= 49


@pytest.mark.parametrize("end", ["close", "vanish", "shut down"])
async def test_after_every_kind_of_end_it_connects_anew(end: str) -> None:
    log, gaps = MemoryLog(), Gaps()
    async with (
        exchange(sends(1, 2, then=end), sends(3)) as server,
        streaming(server.url, log, on_gap=gaps.note),
    ):
        await log.until(lambda _: 3 in frames(log))
    assert frames(log)[-1] == 3
    assert set(frames(log)) <= {1, 2, 3}
    assert len(server.paths) == 2
    assert len(gaps.noted) <= 1


async def test_silence_ends_a_connection() -> None:
    log, gaps = MemoryLog(), Gaps()
    async with (
        exchange(sends(1), sends(2)) as server,
        streaming(server.url, log, silence_s=0.1, on_gap=gaps.note),
    ):
        await log.until(lambda _: frames(log)[:2] == [1, 2])
    assert gaps.noted[0] == (START_NS // 1_000, START_NS // 1_000)


async def test_an_old_connection_is_left_for_a_new_one() -> None:
    log = MemoryLog()
    async with exchange(sends(1), sends(2)) as server, streaming(server.url, log, max_age_s=0.0):
        await log.until(lambda _: frames(log)[:2] == [1, 2])


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    waits: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            enough.set()
        await asyncio.sleep(0)

    async with streaming("ws://127.0.0.1:1", MemoryLog(), sleep=sleep):
        await enough.wait()
    assert max(waits) <= 0.01


async def test_pings_are_answered() -> None:
    answered = asyncio.Event()

    async def act(connection: ServerConnection) -> None:
        await connection.send(FRAME % 1)
        pong = await connection.ping(b"1723161254")
        await pong
        answered.set()
        await connection.wait_closed()

    async with exchange(act) as server, streaming(server.url, MemoryLog()):
        async with asyncio.timeout(10):
            await answered.wait()


async def test_what_was_received_before_the_stop_is_appended() -> None:
    log, clock = MemoryLog(), Clock()
    gated = Gated(log)
    writer = Appender("binance-0", gated)
    async with (
        exchange(sends(1, 2, 3)) as server,
        streaming(server.url, log, writer, clock_ns=clock),
    ):
        await gated.begun.wait()
        await clock.third.wait()
        asyncio.get_running_loop().call_soon(gated.gate.set)
    assert frames(log) == [1, 2, 3]


async def test_what_comes_while_the_connection_is_closed_is_appended() -> None:
    log = MemoryLog()
    async with exchange(sends(1)) as server, streaming(server.url, log):
        await log.until(lambda _: frames(log) == [1])
        sending = asyncio.create_task(server.connections[0].send(FRAME % 2))
    await sending
    assert frames(log) == [1, 2]


async def test_a_log_that_is_away_does_not_hold_the_stop() -> None:
    log, clock = MemoryLog(), Clock()
    gated = Gated(log)
    writer = Appender("binance-0", gated, finish_within_s=0.01)
    async with asyncio.timeout(10), exchange(sends(1, 2, 3)) as server:
        with pytest.raises(AppendError):
            async with streaming(server.url, log, writer, clock_ns=clock):
                await gated.begun.wait()
                await clock.third.wait()
    assert frames(log) == []


async def test_a_log_that_fails_ends_the_stream() -> None:
    class Broken:
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise AppendError("binance-0")

    async with exchange(sends(1)) as server:
        stream = BinanceStream(
            stream_address(server.url, ["BTCUSDT"]), Broken(), through_proxy=False
        )
        async with asyncio.timeout(10):
            with pytest.raises(AppendError):
                await stream.run()
