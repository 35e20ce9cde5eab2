"""Throughput: how many ticks a second go from a full inbox through flow `store` until they are committed.

Ours: `pipeline store` as it is wired in production, recovery on, in a process of its own, until ticks
(exact numerics, keyed), candles, gaps and books of every record are committed; then the same by two
processes, each with its shard of the sources. Baseline: the finished bytes of the same ticks by binary
COPY into a table of floats with the same key, over one connection, and over two at once, which shows what
a second process could bring at best on this machine. Workload: the recorded Binance frames twice over, and
as many of Kraken's layout, in records of 1,000 frames. Each run has a fresh database whose commits are
durable. Run: `pytest benchmarks/bench_throughput.py`.
"""

import asyncio
import itertools
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psycopg
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import NewDatabase, execute, measured, timed
from benchmarks.processes import READY_WITHIN_S, child
from benchmarks.raw_copy import CHECKSUMS, CREATE_TWIN, copy_all, twin_rows
from benchmarks.recordings import binance_files, records_of, repeated_frames, ticks_of
from benchmarks.report import Row
from benchmarks.venue_frames import venue_records
from market.log import LogEntry, LogRecord
from market.shards import Shard, shards
from market.sources import Feed, source_of
from market.ticks import TickBatch
from pipelines.running import run
from storage.books import done_offsets, log_ends
from storage.inbox import Inbox
from tradewind.flows import store_flow
from tradewind.servers import Servers
from tradewind.settings import FeedChoice, Settings, load_settings

BINANCE_TIMES = 2
KRAKEN_MINUTES = 44
FRAMES_PER_RECORD = 1_000
RECORDS_PER_COMMIT = 50
ROUNDS = 3
FEED = Feed.LIVE
CONSUMER = f"store-{FEED.value}"
POLL_INTERVAL_S = 0.005

Way = Callable[[], float]
"""Does all the work once; the seconds that it took."""


class Throughput:
    """Ways of storing the ticks of one inbox, each into a fresh database a call."""

    def __init__(
        self,
        servers: Servers,
        new_database: NewDatabase,
        filled: str,
        records: Sequence[LogRecord],
        flows: "Sequence[Connection[tuple[Settings, Shard] | str, str]]",
    ) -> None:
        self._servers = servers
        self._new_database = new_database
        self._filled = filled
        self._flows = flows
        by_provider: dict[str, list[LogRecord]] = defaultdict(list)
        for record in records:
            by_provider[record.source.provider].append(record)
        batches = [_each_once(ticks_of(part)) for part in by_provider.values()]
        self.ticks = sum(map(len, batches))
        self._streams = [twin_rows(batch, FEED.code) for batch in batches]
        self._numbers = itertools.count()
        self.sums: list[list[tuple[object, ...]]] = []
        """What each run has stored."""

    def stored_by(self, processes: int) -> float:
        """By so many processes of flow `store`."""
        with self._copy_of_the_inbox() as url, tempfile.TemporaryDirectory(prefix="tw-") as data:
            settings = load_settings(
                data=Path(data), database_url=url, redis_url=self._servers.redis_url
            ).model_copy(update={"feed": FeedChoice.LIVE})
            ends = log_ends(url, FEED)
            flows = self._flows[:processes]
            for flow, shard in zip(flows, shards(processes), strict=True):
                flow.send((settings, shard))
                assert flow.recv() == "ready"
            seconds = timed(lambda: self._run(flows, url, ends))
            for flow in flows:
                flow.send("stop")
                assert flow.recv() == "ended"
            self._note(url, "market.ticks")
        return seconds

    def copied_over(self, connections: int) -> float:
        """As finished bytes over so many connections at once."""
        with self._new_database() as url:
            execute(url, CREATE_TWIN)
            parts = self._streams if connections > 1 else [list(itertools.chain(*self._streams))]

            def copy(streams: Sequence[bytes]) -> None:
                with psycopg.connect(url, autocommit=True) as connection:
                    copy_all(connection, "twin", streams)

            with ThreadPoolExecutor(connections) as threads:
                seconds = timed(lambda: list(threads.map(copy, parts)))
            self._note(url, "twin")
        return seconds

    def _run(
        self,
        flows: "Sequence[Connection[tuple[Settings, Shard] | str, str]]",
        url: str,
        ends: dict[str, int],
    ) -> None:
        for flow in flows:
            flow.send("go")
        deadline = time.monotonic() + READY_WITHIN_S
        with psycopg.connect(url, autocommit=True) as connection:
            connection.prepare_threshold = 1
            while (done := done_offsets(connection, CONSUMER)) != ends:
                assert time.monotonic() < deadline, f"{done} of {ends}"
                time.sleep(POLL_INTERVAL_S)

    @contextmanager
    def _copy_of_the_inbox(self) -> Iterator[str]:
        name = f"throughput_{next(self._numbers)}"
        template = self._filled.partition("@/")[2].partition("?")[0]
        execute(
            self._servers.database_url,
            f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy",
        )
        try:
            yield self._filled.replace(f"@/{template}?", f"@/{name}?")
        finally:
            execute(self._servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")

    def _note(self, url: str, table: str) -> None:
        self.sums.append(execute(url, CHECKSUMS + table))


def _each_once(ticks: TickBatch) -> TickBatch:
    """The first of those with one key: Kraken's quotes have no number, and some of them one time."""
    keys = np.stack([ticks.time, ticks.instrument, ticks.kind, ticks.seq])
    _, first = np.unique(keys, axis=1, return_index=True)
    return ticks.take(np.sort(first))


def run_flows(pipe: "Connection[str, tuple[Settings, Shard] | str]") -> None:
    """Runs flow `store` again and again, each time with what the pipe says, until the pipe ends."""
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        assert not isinstance(job, str)
        settings, shard = job
        stop = threading.Event()
        build = store_flow(settings, stop, shard)
        pipe.send("ready")
        assert pipe.recv() == "go"
        stopping = threading.Thread(target=_stop, args=(pipe, stop), daemon=True)
        stopping.start()
        run(build, settings.recovery / f"{CONSUMER}{shard.label}")
        stopping.join()
        pipe.send("ended")


def _stop(pipe: "Connection[str, tuple[Settings, Shard] | str]", stop: threading.Event) -> None:
    pipe.recv()
    stop.set()


def fill(database_url: str, records: Sequence[LogRecord]) -> None:
    """Put the records into the inbox of a feed, a partition a provider, as connectors do."""

    async def append() -> None:
        inbox = Inbox(database_url, None)
        for provider in dict.fromkeys(record.source.provider for record in records):
            partition = f"{provider}-{FEED.value}-0"
            writer = await inbox.writer(partition, source_of(provider, FEED))
            entries = [
                LogEntry(record.kind, record.context, record.received_us, record.payload)
                for record in records
                if record.source.provider == provider
            ]
            for start in range(0, len(entries), RECORDS_PER_COMMIT):
                await writer.append(entries[start : start + RECORDS_PER_COMMIT])
        await inbox.close()

    asyncio.run(append())


@pytest.fixture(scope="module")
def throughput(
    servers: Servers,
    new_database: NewDatabase,
    test_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Throughput]:
    directory = tmp_path_factory.mktemp("frames")
    files = repeated_frames(binance_files(test_data), BINANCE_TIMES, directory)
    records = [
        *records_of(files, FRAMES_PER_RECORD),
        *venue_records("kraken", minutes=KRAKEN_MINUTES, lines_per_record=FRAMES_PER_RECORD),
    ]
    with ExitStack() as stack:
        filled = stack.enter_context(new_database())
        fill(filled, records)
        flows = [stack.enter_context(child(run_flows)) for _ in range(2)]
        yield Throughput(servers, new_database, filled, records, flows)


def test_inbox_to_committed(
    benchmark: BenchmarkFixture, report: Callable[[Row], None], throughput: Throughput
) -> None:
    ways: dict[str, Way] = {
        "raw": lambda: throughput.copied_over(1),
        "raw twice": lambda: throughput.copied_over(2),
        "one": lambda: throughput.stored_by(1),
        "two": lambda: throughput.stored_by(2),
    }
    rates: dict[str, list[float]] = defaultdict(list)

    def take_turns() -> None:
        for name, way in ways.items():
            rates[name].append(throughput.ticks / way())

    take_turns()  # warms up, and is left out
    assert all(sums == throughput.sums[0] for sums in throughput.sums)
    rates.clear()
    measured(benchmark, take_turns, ROUNDS)
    for name, ours, base, base_name, target in (
        (
            "inbox to committed, one process",
            "one",
            "raw",
            "raw binary COPY, floats, same key",
            ">= 0.3",
        ),
        (
            "inbox to committed, two processes",
            "two",
            "raw",
            "raw binary COPY, floats, same key",
            ">= 0.3",
        ),
        ("flow store, two processes", "two", "one", "one process", None),
        ("raw COPY, two connections", "raw twice", "raw", "one connection", None),
    ):
        pairs = zip(rates[ours], rates[base], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        median = statistics.median
        row = Row(
            name, median(rates[ours]), "ticks/s", median(rates[base]), base_name, ratio, target
        )
        report(row)
