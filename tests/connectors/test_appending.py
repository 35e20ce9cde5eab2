"""An append that began is finished, whatever happens to its connector."""

import asyncio
import logging
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


async def test_an_append_that_waits_long_is_told_while_it_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    told = asyncio.Event()

    def notice(_record: logging.LogRecord) -> bool:
        told.set()
        return True

    caplog.handler.addFilter(notice)
    writer = SlowWriter()
    task = asyncio.create_task(Appender("test-0", writer, slow_s=0.01).append([ENTRY]))
    async with asyncio.timeout(5):
        await told.wait()
        assert not task.done()
        writer.go.set()
        await task
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "the log has not taken test-0 for 0.01 s"
    assert said[1].startswith("the log takes test-0 again, after ")


async def test_an_append_in_time_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await Appender("test-0", MemoryWriter()).append([ENTRY])
    assert caplog.records == []


async def test_a_failed_append_is_an_append_error() -> None:
    with pytest.raises(AppendError, match="the log does not take test-0") as caught:
        await Appender("test-0", BrokenWriter()).append([ENTRY])
    assert isinstance(caught.value.__cause__, OSError)
