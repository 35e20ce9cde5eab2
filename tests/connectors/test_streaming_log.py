"""The stream's client and its log: gathered, held back, never lost at a stop."""

import asyncio
from collections.abc import Sequence

import pytest
from websockets.asyncio.server import ServerConnection

from connectors.appending import Appender
from connectors.errors import AppendError
from connectors.streaming import Stream
from market.log import LogEntry
from tests.connectors.support import MemoryLog, MemoryWriter
from tests.connectors.venues import (
    FRAME,
    Clock,
    Plain,
    exchange,
    frames,
    sends,
    streaming,
)


class Gated(MemoryWriter):
    """Every append waits for the gate."""

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
        await (await connection.ping())  # the client has read everything before it
        sent.set()
        await connection.wait_closed()

    async with exchange(act) as server, streaming(Plain(server.url), log, writer):
        await writer.begun.wait()
        more.set()
        await sent.wait()
        writer.gate.set()
        await log.until(lambda records: sum(r.payload.count(b"\n") for r in records) == 49)
    assert frames(log) == list(range(1, 50))
    assert log.records[0].payload.count(b"\n") == 1
    assert len(log.records) <= 3


async def test_a_slow_log_holds_the_venue_back_and_silence_is_not_counted() -> None:
    """The queue is full and the socket full for longer than the silence; nothing is lost."""
    log, clock = MemoryLog(), Clock(looks=5)
    writer = Gated(log)
    count = 300
    async with (
        exchange(sends(*range(count))) as server,
        streaming(
            Plain(server.url, silence_s=0.05),
            log,
            writer,
            max_queued_frames=2,
            clock_ns=clock,
        ),
    ):
        async with asyncio.timeout(10):
            await clock.seen.wait()
        asyncio.get_running_loop().call_later(0.15, writer.gate.set)
        await log.until(lambda _: len(frames(log)) >= count)
    assert frames(log)[:count] == list(range(count))


async def test_a_connection_that_died_meanwhile_is_noticed() -> None:
    log = MemoryLog()
    writer = Gated(log)
    async with (
        exchange(sends(*range(9)), sends(100)) as server,
        streaming(Plain(server.url, silence_s=0.05), log, writer, max_queued_frames=2),
    ):
        await writer.begun.wait()
        writer.gate.set()
        await log.until(lambda _: 100 in frames(log))
    assert frames(log)[:9] == list(range(9))


async def test_what_was_received_before_the_stop_is_appended() -> None:
    log, clock = MemoryLog(), Clock(looks=4)
    gated = Gated(log)
    writer = Appender("binance-0", gated)
    async with (
        exchange(sends(1, 2, 3)) as server,
        streaming(Plain(server.url), log, writer, clock_ns=clock),
    ):
        async with asyncio.timeout(10):
            await gated.begun.wait()
            await clock.seen.wait()
        asyncio.get_running_loop().call_soon(gated.gate.set)
    assert frames(log) == [1, 2, 3]


async def test_what_comes_while_the_connection_is_closed_is_appended() -> None:
    log = MemoryLog()
    async with exchange(sends(1)) as server, streaming(Plain(server.url), log):
        await log.until(lambda _: frames(log) == [1])
        sending = asyncio.create_task(server.connections[0].send(FRAME % 2))
    await sending
    assert frames(log) == [1, 2]


async def test_a_log_that_is_away_does_not_hold_the_stop() -> None:
    log = MemoryLog()
    gated = Gated(log)
    writer = Appender("binance-0", gated, finish_within_s=0.01)
    async with asyncio.timeout(10), exchange(sends(1, 2, 3)) as server:
        with pytest.raises(AppendError):
            async with streaming(Plain(server.url), log, writer):
                await gated.begun.wait()
    assert frames(log) == []


async def test_a_log_that_fails_ends_the_stream() -> None:
    class Broken:
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise AppendError("binance-0")

    async with exchange(sends(1)) as server:
        stream = Stream("x", lambda: Plain(server.url), Broken(), through_proxy=False)
        async with asyncio.timeout(10):
            with pytest.raises(AppendError):
                await stream.run()
