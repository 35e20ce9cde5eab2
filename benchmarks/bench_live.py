"""Flow `live`: how long a record takes from the inbox's push to its entry in the live stream.

The flow is the real process. The benchmark appends to the inbox, 200 records a second of 1, 10 and 100
quotes, and reads the stream as the API does. A latency is the time from just before the push, which
follows the commit, until the entry is in the reader's hands: it includes two wake-ups beyond what the
flow itself takes. No baseline: the bound is absolute. Run: `pytest benchmarks/bench_live.py`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import NewDatabase, measured
from benchmarks.frames import PARTITION, RECORDS_PER_S, SOURCE, Ticker, send
from benchmarks.percentiles import p50, p99
from benchmarks.processes import running, settings_for, wait_until
from benchmarks.report import Row
from market.log import LogRecord
from market.ticks import TickBatch
from storage.inbox import InboxWriter
from storage.live import stream_key
from storage.push import PushSender
from tradewind.servers import Servers
from tradewind.settings import Settings

SECONDS = 5.0
ROUNDS = 3
PATIENCE_MS = 30_000


class Line:
    """The way into the inbox and out of the stream, its times taken at both ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Any: its stubs leave open what a read answers.
        self._redis: Any = redis.Redis.from_url(settings.redis())
        self._ticker = Ticker()
        self._sender = StampingSender(settings)
        self._next_offset = 0

    def latencies(self, ticks_per_s: int, seconds: float) -> list[float]:
        """Seconds from push to read of each record."""
        read: dict[int, float] = {}
        first, self._next_offset = (
            self._next_offset,
            self._next_offset + round(RECORDS_PER_S * seconds),
        )
        reader = threading.Thread(target=self._read, args=(first, self._next_offset, read))
        reader.start()
        asyncio.run(self._send(ticks_per_s, seconds))
        reader.join()
        assert len(read) == self._next_offset - first
        return [at - self._sender.pushed[offset] for offset, at in read.items()]

    def close(self) -> None:
        self._redis.close()
        self._sender.close()

    async def _send(self, ticks_per_s: int, seconds: float) -> None:
        writer = InboxWriter(self._settings.database(), self._sender, PARTITION, SOURCE)
        await writer.open()
        await send(writer, self._ticker, ticks_per_s, seconds)
        await writer.close()

    def _read(self, first: int, end: int, read: dict[int, float]) -> None:
        key, after = stream_key(SOURCE.feed, PARTITION), f"{first - 1}-1" if first else "0-0"
        while len(read) < end - first:
            answer = self._redis.xread({key: after}, block=PATIENCE_MS)
            now = time.monotonic()
            if not answer:
                return
            for entry, fields in answer[0][1]:
                after = entry.decode()
                read[int(after.partition("-")[0])] = now
                assert len(TickBatch.from_bytes(fields[b"b"]))


class StampingSender(PushSender):
    """Remembers when it pushed which offset."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.run_directory())
        self.pushed: dict[int, float] = {}

    def send(self, record: LogRecord) -> None:
        self.pushed[record.offset] = time.monotonic()
        super().send(record)


@pytest.fixture(scope="module")
def line(servers: Servers, new_database: NewDatabase) -> Iterator[Line]:
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database())
        settings = stack.enter_context(settings_for(database_url, servers.redis_url))
        with redis.Redis.from_url(servers.redis_url) as client:
            client.flushall()
        stack.enter_context(running(settings, "pipeline", "live"))
        listener = settings.run_directory() / "live.inbox"
        wait_until(listener.exists, "the flow listens")
        found = Line(settings)
        stack.callback(found.close)
        found.latencies(ticks_per_s=20_000, seconds=1.0)  # warms up both ends
        yield found


@pytest.mark.parametrize("ticks_per_s", [200, 2_000, 20_000])
def test_push_to_stream(
    benchmark: BenchmarkFixture, report: Callable[[Row], None], line: Line, ticks_per_s: int
) -> None:
    latencies: list[float] = []
    measured(benchmark, lambda: latencies.extend(line.latencies(ticks_per_s, SECONDS)), ROUNDS)
    name = f"flow live, push to stream, {ticks_per_s:,} ticks/s"
    report(Row(f"{name}, p50", p50(latencies), "ms", None, None, None, None))
    report(Row(f"{name}, p99", p99(latencies), "ms", None, None, None, "<= 2"))
