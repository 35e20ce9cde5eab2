"""The flows as processes: from the inbox to the database and the cache, stopped, killed and resumed."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from market.log import LogEntry
from market.sources import Feed, source_of
from storage.inbox import Inbox
from storage.live import latest_key, stream_key
from tests.chaos.harness import Command, kill_at
from tests.chaos.invariants import (
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    committed_ticks,
)

SOURCE = source_of("binance", Feed.SIMULATED)
NOW_NS = 1_723_161_253_000_000_000
DEADLINE_S = 60.0


def frames(first: int, count: int) -> LogEntry:
    """Trades of BTC-USDT with contiguous ids, ten a second."""
    lines = []
    for trade_id in range(first, first + count):
        received = NOW_NS + trade_id * 100_000_000
        at_ms = received // 1_000_000
        lines.append(
            f'{received} {{"stream":"btcusdt@trade","data":{{"e":"trade","E":{at_ms},"s":"BTCUSDT",'
            f'"t":{trade_id},"p":"{50_000 + trade_id % 97}.10000000","q":"0.01000000","T":{at_ms},'
            f'"m":true,"M":true}}}}\n'
        )
    return LogEntry("frames", "", received // 1_000, "".join(lines).encode())


def append(database_url: str, run: Path, records: range, size: int = 50) -> None:
    """Append records of `size` trades each to partition binance-0."""

    async def write() -> None:
        inbox = Inbox(database_url, run)
        writer = await inbox.writer("binance-0", SOURCE)
        for number in records:
            await writer.append([frames(number * size, size)])
        await inbox.close()

    run.mkdir(mode=0o700, exist_ok=True)
    asyncio.run(write())


def wait_for(process: "subprocess.Popen[str]", condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def running(command: Command) -> Iterator["subprocess.Popen[str]"]:
    process = command.start()
    try:
        yield process
    finally:
        process.kill()
        print(process.communicate()[0])


def stopped(process: "subprocess.Popen[str]") -> int:
    """The exit status after a SIGTERM."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    return process.returncode


@pytest.fixture
def flow(database_url: str, redis_url: str, tmp_path: Path) -> Callable[[str], Command]:
    def command(name: str) -> Command:
        return Command(
            ["pipeline", name],
            {
                "TRADEWIND_DATABASE_URL": database_url,
                "TRADEWIND_REDIS_URL": redis_url,
                "TRADEWIND_DATA": str(tmp_path / "data"),
                "TRADEWIND_RUN": str(tmp_path / "run"),
                "TRADEWIND_FEED": "sandbox",
            },
        )

    return command


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


class TestStore:
    def test_what_was_appended_before_and_while_it_runs_is_stored_once(
        self,
        flow: Callable[[str], Command],
        database: psycopg.Connection[Any],
        database_url: str,
        tmp_path: Path,
    ) -> None:
        append(database_url, tmp_path / "run", range(20))
        with running(flow("store")) as process:
            wait_for(process, lambda: committed_ticks(database) == 1_000)
            append(database_url, tmp_path / "run", range(20, 40))
            wait_for(process, lambda: committed_ticks(database) == 2_000)
            assert stopped(process) == 0
        assert_books_balance(database)
        assert_candles_are_those_of_the_ticks(database)

    def test_a_killed_flow_goes_on_and_counts_nothing_twice(
        self,
        flow: Callable[[str], Command],
        database: psycopg.Connection[Any],
        database_url: str,
        tmp_path: Path,
    ) -> None:
        append(database_url, tmp_path / "run", range(100))
        for at_least in (500, 1_500, 4_000):
            assert kill_at(flow("store"), lambda: committed_ticks(database), at_least)
            assert_books_balance(database)
            append(
                database_url, tmp_path / "run", range(100 + at_least // 500, 101 + at_least // 500)
            )
        rows = database.execute("SELECT count(*) FROM market.inbox").fetchone()
        assert rows is not None
        with running(flow("store")) as process:
            wait_for(process, lambda: committed_ticks(database) >= 50 * 103)
            assert stopped(process) == 0
        duplicates = database.execute("SELECT sum(duplicates) FROM market.inbox_done").fetchone()
        assert duplicates == (0,)
        assert_candles_are_those_of_the_ticks(database)


class TestLive:
    def test_a_record_is_on_the_live_stream_and_among_the_newest_prices(
        self,
        flow: Callable[[str], Command],
        database_url: str,
        redis_url: str,
        tmp_path: Path,
    ) -> None:
        append(database_url, tmp_path / "run", range(3))
        with redis.Redis.from_url(redis_url) as client, running(flow("live")) as process:
            wait_for(process, lambda: client.xlen(stream_key(Feed.SIMULATED, "binance-0")) == 3)
            append(database_url, tmp_path / "run", range(3, 5))
            wait_for(process, lambda: client.xlen(stream_key(Feed.SIMULATED, "binance-0")) == 5)
            assert client.hkeys(latest_key(Feed.SIMULATED)) == [b"BTC-USDT"]
            assert stopped(process) == 0


def test_an_unknown_pipeline_is_refused_with_the_known_ones(flow: Callable[[str], Command]) -> None:
    process = flow("nonsense").start()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "store" in output and "live" in output and "Traceback" not in output
