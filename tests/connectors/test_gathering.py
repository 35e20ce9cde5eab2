"""Frames become entries: the first at once, the others together, each as it came."""

import asyncio
from collections.abc import Sequence

import pytest

from connectors import gathering
from connectors.gathering import Gatherer
from market.log import LogEntry
from tests.connectors.support import MemoryWriter

AT_NS = 1_723_161_254_000_000_001


async def test_frames_are_lines_with_their_receive_time() -> None:
    writer = MemoryWriter()
    gatherer = Gatherer(writer)
    await gatherer.put(AT_NS, b'{"a":1}')
    await gatherer.put(AT_NS + 999, b'{"a":\n2}')
    await gatherer.drain()
    (record,) = writer.log.records
    assert record.payload == b'%d {"a":1}\n%d {"a": 2}\n' % (AT_NS, AT_NS + 999)
    assert (record.kind, record.context) == ("frames", "")
    assert record.received_us == AT_NS // 1_000 + 1


async def test_frames_gather_while_an_append_is_under_way() -> None:
    class Slow(MemoryWriter):
        begun, go = asyncio.Event(), asyncio.Event()

        async def append(self, entries: Sequence[LogEntry]) -> None:
            self.begun.set()
            await self.go.wait()
            await super().append(entries)

    writer = Slow()
    gatherer = Gatherer(writer)
    running = asyncio.create_task(gatherer.run())
    await gatherer.put(AT_NS, b"1")
    await writer.begun.wait()
    for number in range(2, 6):
        await gatherer.put(AT_NS, b"%d" % number)
    writer.go.set()
    await writer.log.until(lambda records: len(records) == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [record.payload.count(b"\n") for record in writer.log.records] == [1, 4]


async def test_an_entry_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_ENTRY_FRAMES", 2)
    writer = MemoryWriter()
    gatherer = Gatherer(writer)
    for _ in range(5):
        await gatherer.put(AT_NS, b"x")
    await gatherer.drain()
    assert [record.payload.count(b"\n") for record in writer.log.records] == [2, 2, 1]


async def test_a_full_queue_says_so() -> None:
    gatherer = Gatherer(MemoryWriter(), max_frames=1)
    gatherer.put_nowait(AT_NS, b"x")
    assert gatherer.is_full
    assert gatherer.waiting == 1
    with pytest.raises(asyncio.QueueFull):
        gatherer.put_nowait(AT_NS, b"y")
