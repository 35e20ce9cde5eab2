"""Flow `live`: how long a record takes from the inbox's reader to its entry in the live stream.

The flow runs in a process of its own, with a watch at its ends: when the reader has given a record out,
when Redis has answered that its entry is written. The benchmark appends 200 records a second of 1, 10
and 100 quotes to the inbox, and reads the stream as the API does. No baseline: the bound is absolute.
For information, without a bound: the time from just before the push, which follows the commit, until
the entry is in the hands of that other reader, two wake-ups more. Run: `pytest benchmarks/bench_live.py`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import pytest
import redis
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import NewDatabase, measured
from benchmarks.frames import PARTITION, RECORDS_PER_S, SOURCE, Ticker, send
from benchmarks.percentiles import p50, p99
from benchmarks.processes import child, settings_for, wait_until
from benchmarks.report import Row
from market.instruments import CATALOGUE
from market.log import LogReader, LogRecord
from market.ticks import TickBatch
from pipelines.live import build_flow
from pipelines.publish import PublishSink
from pipelines.running import run
from pipelines.source import LogSource
from storage.books import ReadRegister
from storage.inbox import InboxWriter
from storage.inbox_reader import InboxReaderFactory
from storage.live import LivePublisher, Newest, stream_key
from storage.push import PushSender
from tradewind.servers import Servers
from tradewind.settings import Settings

SECONDS = 5.0
ROUNDS = 3
PATIENCE_MS = 30_000


@dataclass
class Latencies:
    """Seconds, a record each: from read to written inside of the flow, from push to read outside."""

    inside: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)


class Line:
    """The way into the inbox and out of the stream, its times taken at both ends."""

    def __init__(self, settings: Settings, flow: "Connection[str, list[float]]") -> None:
        self._settings = settings
        self._flow = flow
        # Any: its stubs leave open what a read answers.
        self._redis: Any = redis.Redis.from_url(settings.redis())
        self._ticker = Ticker()
        self._sender = StampingSender(settings)
        self._next_offset = 0

    def run(self, ticks_per_s: int, seconds: float, latencies: Latencies) -> None:
        """Send records for so long, and add what each took."""
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
        latencies.outside += [at - self._sender.pushed[offset] for offset, at in read.items()]
        self._flow.send("take")
        inside = self._flow.recv()
        assert len(inside) == len(read)
        latencies.inside += inside

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


class Watch:
    """When each record was read, until it is written."""

    def __init__(self) -> None:
        self.read_at: dict[int, float] = {}
        self.seconds: list[float] = []

    def take(self) -> list[float]:
        """The seconds from read to written since the last time."""
        taken, self.seconds = self.seconds, []
        return taken


class WatchedReader:
    """The inbox's reader, watched."""

    def __init__(self, reader: LogReader, watch: Watch) -> None:
        self._reader = reader
        self._watch = watch
        self.finished = reader.finished
        self.close = reader.close

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        records = self._reader.read(after)
        self._watch.read_at.update(dict.fromkeys((one.offset for one in records), time.monotonic()))
        return records


class WatchedPublisher(LivePublisher):
    """The publisher, watched."""

    def __init__(self, redis_url: str, watch: Watch) -> None:
        super().__init__(redis_url, SOURCE.feed)
        self._watch = watch

    def publish(self, partition: str, offset: int, batch: bytes, newest: Newest) -> int | None:
        known = super().publish(partition, offset, batch, newest)
        self._watch.seconds.append(time.monotonic() - self._watch.read_at.pop(offset))
        return known


def run_flow(pipe: "Connection[list[float], str]", settings: Settings) -> None:
    """Flow `live` as it is wired in production, its ends watched, until the pipe says `stop`."""
    watch, stop = Watch(), threading.Event()
    database_url, feed, consumer = settings.database(), SOURCE.feed, "live-bench"

    def answer() -> None:
        while pipe.recv() == "take":
            pipe.send(watch.take())
        stop.set()

    threading.Thread(target=answer, daemon=True).start()
    open_reader = InboxReaderFactory(database_url, feed, settings.run_directory(), "live")
    source = LogSource(lambda: WatchedReader(open_reader(), watch), stop)
    sink = PublishSink(
        lambda: WatchedPublisher(settings.redis(), watch),
        lambda: ReadRegister(database_url, consumer),
        CATALOGUE,
    )
    run(lambda: build_flow(source, sink, CATALOGUE), settings.recovery / consumer)


@pytest.fixture(scope="module")
def line(servers: Servers, new_database: NewDatabase) -> Iterator[Line]:
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database())
        settings = stack.enter_context(settings_for(database_url, servers.redis_url))
        with redis.Redis.from_url(servers.redis_url) as client:
            client.flushall()
        flow = stack.enter_context(child(run_flow, settings))
        listener = settings.run_directory() / "live.inbox"
        wait_until(listener.exists, "the flow listens")
        found = Line(settings, flow)
        stack.callback(found.close)
        found.run(20_000, 1.0, Latencies())  # warms up both ends
        yield found
        flow.send("stop")


@pytest.mark.parametrize("ticks_per_s", [200, 2_000, 20_000])
def test_read_to_written(
    benchmark: BenchmarkFixture, report: Callable[[Row], None], line: Line, ticks_per_s: int
) -> None:
    found = Latencies()
    measured(benchmark, lambda: line.run(ticks_per_s, SECONDS, found), ROUNDS)
    for way, latencies, target in (
        ("read to written", found.inside, "<= 2"),
        ("push to another reader", found.outside, None),
    ):
        name = f"flow live, {way}, {ticks_per_s:,} ticks/s"
        report(Row(f"{name}, p50", p50(latencies), "ms", None, None, None, None))
        report(Row(f"{name}, p99", p99(latencies), "ms", None, None, None, target))
