"""An append that began is finished, whatever happens to its connector."""

import asyncio
from collections.abc import Sequence

import pytest

from connectors.appending import Appender
from connectors.errors import AppendError
from market.log import LogEntry
from tests.connectors.support import MemoryWriter

ENTRY = LogEntry("latest", "", 0, b"{}")


class SlowWriter(MemoryWriter):
    """Says when an append has begun, and ends it when told."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def append(self, entries: Sequence[LogEntry]) -> None:
        self.begun.set()
        await self.go.wait()
        await super().append(entries)


class BrokenWriter:
    async def append(self, entries: Sequence[LogEntry]) -> None:
        raise OSError("disk full")


async def test_a_cancelled_append_is_finished_first() -> None:
    writer = SlowWriter()
    task = asyncio.create_task(Appender("test-0", writer).append([ENTRY]))
    await writer.begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    writer.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(writer.log.records) == 1


async def test_a_log_that_is_away_does_not_hold_a_stop_for_ever() -> None:
    writer = SlowWriter()
    appender = Appender("test-0", writer, finish_within_s=0.01)
    task = asyncio.create_task(appender.append([ENTRY]))
    await writer.begun.wait()
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(AppendError):
            await task
    writer.go.set()
    await asyncio.sleep(0)
    assert writer.log.records == []


async def test_a_failed_append_is_an_append_error() -> None:
    with pytest.raises(AppendError, match="the log does not take test-0") as caught:
        await Appender("test-0", BrokenWriter()).append([ENTRY])
    assert isinstance(caught.value.__cause__, OSError)
