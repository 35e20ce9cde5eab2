"""What is recorded from the sandbox replays to the ticks that were parsed live, whoever said them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from connectors.config import FeedsConfig
from connectors.feeds import run
from connectors.parsing import parse
from connectors.providers import PROVIDERS
from connectors.recording import Recording
from connectors.recordings import RecordingReader
from connectors.sandbox.server import Running, running
from connectors.services import Services
from market.clock import system_clock
from market.instruments import CATALOGUE
from market.log import LogEntry, LogRecord, LogWriter
from market.sources import Source
from market.ticks import TickBatch
from tests.connectors.support import MemoryLog
from tests.connectors.test_recordings import drain

STREAMED = {"binance": 100, "coinbase": 60, "coingecko": 30, "kraken": 100}
POLLED = 5
"""So many ticks make a recording."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


@dataclass
class Tee:
    """A log that keeps in memory what it hands on to a recording."""

    memory: MemoryLog
    recording: Recording

    async def writer(self, partition: str, source: Source) -> LogWriter:
        return TeeWriter(
            await self.memory.writer(partition, source),
            await self.recording.writer(partition, source),
        )


@dataclass
class TeeWriter:
    first: LogWriter
    second: LogWriter

    async def append(self, entries: Sequence[LogEntry]) -> None:
        await self.second.append(entries)
        await self.first.append(entries)


async def all_covered() -> Mapping[int, int]:
    return dict.fromkeys([each.id for each in CATALOGUE], system_clock() + 86_400_000_000)


def ticks_of(records: Sequence[LogRecord]) -> TickBatch:
    return TickBatch.concat([parse(record, CATALOGUE).ticks for record in records])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_recording_replays_to_the_same_ticks(
    sandbox: Running, tmp_path: Path, provider: str
) -> None:
    path = tmp_path / f"{provider}.gz"
    memory, stop = MemoryLog(), asyncio.Event()
    everybody = FeedsConfig.sandbox(sandbox.http_url)
    config = replace(everybody, access={provider: everybody.access[provider]})
    enough = STREAMED.get(provider, POLLED)
    with contextlib.closing(Recording(path)) as recording:
        log = Tee(memory, recording)
        feeds = asyncio.create_task(run(config, log, all_covered, stop, services=Services()))
        try:
            await memory.until(lambda records: len(ticks_of(records)) >= enough)
        finally:
            stop.set()
            async with asyncio.timeout(5):
                await feeds

    replayed = drain(RecordingReader([path]))
    assert {record.source.provider for record in replayed} == {provider}
    live, again = ticks_of(memory.records), ticks_of(replayed)
    for column in fields(TickBatch):
        if column.name != "source":
            ours, theirs = getattr(live, column.name), getattr(again, column.name)
            assert np.array_equal(ours, theirs), column.name
