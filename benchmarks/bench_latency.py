"""Receive → client: how long a quote takes from the connector to a browser, everything running.

Ours: PostgreSQL, Valkey, both flows and the API, each a process as in `up`. The benchmark plays a
connector: 200 entries a second into the inbox, of 1 and 10 quotes, received the moment they are made. A
client in a process of its own reads the price stream from a plain socket. A quote's latency ends when
the client has it, or a newer price of the same instrument. Baseline: the same bytes inserted into a bare
table and committed, and a datagram that wakes a waiting process. Run: `pytest benchmarks/bench_latency.py`.
"""

import asyncio
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import psycopg
import pytest
import redis
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import NewDatabase, execute, measured
from benchmarks.frames import PARTITION, RECORDS_PER_S, SOURCE, Offered, Ticker, send
from benchmarks.listeners import Listener, PriceEvents, datagram_socket, listening, price_stream
from benchmarks.percentiles import due_times, median_ratio, p50, p99
from benchmarks.processes import api_is_ready, running, settings_for, wait_until
from benchmarks.report import Row
from market.clock import microseconds
from storage.inbox import Inbox
from tradewind.servers import Servers
from tradewind.settings import Settings

SECONDS = 3.0
ROUNDS = 4
WARM_UP_S = 2.0
CREATE_BARE = "CREATE TABLE bare (number bigint PRIMARY KEY, payload bytea NOT NULL)"
INSERT_BARE = b"INSERT INTO bare VALUES (%b, %b)"


@dataclass(frozen=True, slots=True)
class Shown:
    """A price that the client was sent, and when."""

    time_us: int
    at_ns: int
    bid: float


class WholeSystem:
    """Between a connector and a client: inbox, flows, cache and API."""

    def __init__(self, settings: Settings, client: Listener) -> None:
        self._settings = settings
        self._client = client
        self._events = PriceEvents()
        self._ticker = Ticker()

    def latencies(self, ticks_per_s: int, seconds: float) -> list[float]:
        """Seconds from receive to the client, of every quote that was sent."""
        offered = asyncio.run(self._send(ticks_per_s, seconds))
        newest = {quote.symbol: quote for quote in offered}
        shown = self._shown_until(newest)
        for symbol, quote in newest.items():
            assert (shown[symbol][-1].time_us, shown[symbol][-1].bid) == (quote.time_us, quote.bid)
        return waits(offered, shown)

    async def _send(self, ticks_per_s: int, seconds: float) -> list[Offered]:
        inbox = Inbox(self._settings.database(), self._settings.run_directory())
        writer = await inbox.writer(PARTITION, SOURCE)
        try:
            return await send(writer, self._ticker, ticks_per_s, seconds)
        finally:
            await inbox.close()

    def _shown_until(self, newest: dict[str, Offered]) -> dict[str, list[Shown]]:
        """What the client was shown of each symbol, up to its newest quote."""
        shown: dict[str, list[Shown]] = defaultdict(list)

        def all_came() -> bool:
            for at_ns, price in self._events.read(self._client.take()):
                time_us = microseconds(datetime.fromisoformat(price["as_of"]))
                shown[price["symbol"]].append(Shown(time_us, at_ns, price["bid"]))
            return all(
                shown[symbol] and shown[symbol][-1].time_us >= quote.time_us
                for symbol, quote in newest.items()
            )

        wait_until(all_came, "every symbol's newest quote at the client")
        return shown


def waits(offered: Sequence[Offered], shown: dict[str, list[Shown]]) -> list[float]:
    """Seconds from each quote's receipt until the client had it or a newer one."""
    place: dict[str, int] = defaultdict(int)
    found = []
    for quote in offered:
        row = shown[quote.symbol]
        while row[place[quote.symbol]].time_us < quote.time_us:
            place[quote.symbol] += 1
        found.append(row[place[quote.symbol]].at_ns / 1e9 - quote.time_us / 1e6)
    return found


class BareCommit:
    """The same entries into a bare table, each committed, then announced to a waiting process."""

    def __init__(self, database_url: str, waiting: Listener, address: Path) -> None:
        self._database_url = database_url
        self._waiting = waiting
        self._address = str(address)
        self._ticker = Ticker()
        self._sent = 0

    def latencies(self, ticks_per_s: int, seconds: float) -> list[float]:
        """Seconds from receive to the waiting process, of every quote that was sent."""
        received: list[int] = []
        with (
            psycopg.connect(self._database_url, autocommit=True, prepare_threshold=0) as connection,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            for due in due_times(RECORDS_PER_S, seconds):
                time.sleep(max(0.0, due - time.monotonic()))
                entry, _ = self._ticker.entry(ticks_per_s // RECORDS_PER_S)
                connection.execute(INSERT_BARE, (self._sent, entry.payload))
                self._sent += 1
                sender.sendto(b"%d" % entry.received_us, self._address)
                received.append(entry.received_us)
        woken = {int(told): at_ns for at_ns, told in self._waiting.take()}
        return [woken[time_us] / 1e9 - time_us / 1e6 for time_us in received]

    def committed(self) -> bool:
        """Whether the table holds all that was sent."""
        return execute(self._database_url, "SELECT count(*) FROM bare") == [(self._sent,)]


@pytest.fixture(scope="module")
def settings(servers: Servers, new_database: NewDatabase) -> Iterator[Settings]:
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database())
        with redis.Redis.from_url(servers.redis_url) as client:
            client.flushall()
        yield stack.enter_context(settings_for(database_url, servers.redis_url))


@pytest.fixture(scope="module")
def whole(settings: Settings) -> Iterator[WholeSystem]:
    with ExitStack() as stack:
        for command in (("pipeline", "store"), ("pipeline", "live"), ("api",)):
            stack.enter_context(running(settings, *command))
        wait_until(lambda: api_is_ready(settings), "the API")
        for name in ("store", "live"):
            wait_until((settings.run_directory() / f"{name}.inbox").exists, f"flow {name}")
        client = stack.enter_context(listening(price_stream, settings.host, settings.port))
        yield WholeSystem(settings, client)


@pytest.fixture(scope="module")
def bare(settings: Settings) -> Iterator[BareCommit]:
    execute(settings.database(), CREATE_BARE)
    address = settings.run_directory() / "bare.datagrams"
    with listening(datagram_socket, address) as waiting:
        yield BareCommit(settings.database(), waiting, address)


@pytest.mark.parametrize("ticks_per_s", [200, 2_000])
def test_receive_to_client(
    benchmark: BenchmarkFixture,
    report: Callable[[Row], None],
    whole: WholeSystem,
    bare: BareCommit,
    ticks_per_s: int,
) -> None:
    whole.latencies(ticks_per_s, WARM_UP_S)
    bare.latencies(ticks_per_s, WARM_UP_S)
    ours: list[list[float]] = []
    baseline: list[list[float]] = []
    measured(
        benchmark,
        lambda: ours.append(whole.latencies(ticks_per_s, SECONDS)),
        ROUNDS,
        lambda: baseline.append(bare.latencies(ticks_per_s, SECONDS)),
    )
    assert bare.committed()
    for name, percentile, target in (("p50", p50, None), ("p99", p99, "<= 4")):
        report(
            Row(
                f"receive to SSE client, {ticks_per_s:,} ticks/s, {name}",
                percentile([*chain(*ours)]),
                "ms",
                percentile([*chain(*baseline)]),
                "bare commit and wake-up",
                median_ratio(ours, baseline, percentile),
                target,
            )
        )
