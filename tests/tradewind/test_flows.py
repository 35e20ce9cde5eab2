"""The flows as processes: from the inbox to the database and the cache, stopped, killed and resumed."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from market.log import LogEntry
from market.shards import Shard
from market.sources import Feed, Source, source_of
from storage.inbox import Inbox
from storage.live import latest_key, stream_key
from storage.outcomes import OutcomeWriter
from tests.chaos.harness import Command, kill_at
from tests.chaos.invariants import (
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    assert_every_record_is_booked_once,
    committed_ticks,
)

SOURCE = source_of("binance", Feed.SIMULATED)
KRAKEN = source_of("kraken", Feed.SIMULATED)
"""Of the first of two shards; Binance is of the second."""
CONSUMER = "store-simulated"
NOW_NS = 1_723_161_253_000_000_000
DEADLINE_S = 60.0

StartFlow = Callable[..., Command]


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


def kraken_frames(first: int, count: int) -> LogEntry:
    """The same of Kraken."""
    lines = []
    for trade_id in range(first, first + count):
        received = NOW_NS + trade_id * 100_000_000
        at = datetime.fromtimestamp(received // 10**9, UTC)
        lines.append(
            f'{received} {{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD",'
            f'"side":"buy","price":{50_000 + trade_id % 97}.1,"qty":0.01,"ord_type":"limit",'
            f'"trade_id":{trade_id},"timestamp":"{at:%Y-%m-%dT%H:%M:%S}.{trade_id % 10}00000Z"}}]}}\n'
        )
    return LogEntry("frames", "", received // 1_000, "".join(lines).encode())


def append(
    database_url: str,
    run: Path,
    records: range,
    size: int = 50,
    partition: str = "binance-0",
    source: Source = SOURCE,
) -> None:
    """Append records of `size` trades each to a partition."""
    make = frames if source is SOURCE else kraken_frames

    async def write() -> None:
        inbox = Inbox(database_url, run)
        writer = await inbox.writer(partition, source)
        for number in records:
            await writer.append([make(number * size, size)])
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


def ticks_of(database: psycopg.Connection[Any], source: Source) -> int:
    """How many of a source are stored."""
    row = database.execute(
        "SELECT coalesce(sum(ticks), 0) FROM market.inbox_done"
        " JOIN market.inbox_partitions ON id = partition_id WHERE source_id = %s",
        (source.id,),
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def flow(database_url: str, redis_url: str, tmp_path: Path) -> StartFlow:
    def command(name: str, *options: str) -> Command:
        return Command(
            ["pipeline", name, *options],
            {
                "TRADEWIND_DATABASE_URL": database_url,
                "TRADEWIND_REDIS_URL": redis_url,
                "TRADEWIND_DATA": str(tmp_path / "data"),
                "TRADEWIND_RUN": str(tmp_path / "run"),
                "TRADEWIND_FEED": "sandbox",
                # Its ticks are of 2024.
                "TRADEWIND_KEEP_SIMULATED_DAYS": "9999",
                "TRADEWIND_KEEP_SIMULATED_CANDLES_DAYS": "9999",
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
        flow: StartFlow,
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

    def test_rollups_follow_what_it_stores(
        self,
        flow: StartFlow,
        database: psycopg.Connection[Any],
        database_url: str,
        tmp_path: Path,
    ) -> None:
        append(database_url, tmp_path / "run", range(20))
        with running(flow("store")) as process:
            wait_for(process, lambda: committed_ticks(database) == 1_000)
            assert stopped(process) == 0
        with running(flow("store")) as process:
            wait_for(
                process,
                lambda: (
                    database.execute("SELECT sum(ticks) FROM market.candles_1h").fetchone()
                    == database.execute("SELECT sum(ticks) FROM market.candles_1d").fetchone()
                    == (1_000,)
                ),
            )
            assert stopped(process) == 0

    def test_a_killed_flow_goes_on_and_counts_nothing_twice(
        self,
        flow: StartFlow,
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


class TestShards:
    def test_two_at_once_store_everything_once_though_one_is_killed_again_and_again(
        self,
        flow: StartFlow,
        database: psycopg.Connection[Any],
        database_url: str,
        tmp_path: Path,
    ) -> None:
        run = tmp_path / "run"
        for source, name in ((SOURCE, "binance"), (KRAKEN, "kraken")):
            # Live and history share every minute.
            append(database_url, run, range(0, 160, 2), partition=f"{name}-0", source=source)
            append(database_url, run, range(1, 160, 2), partition=f"{name}-backfill", source=source)
        with running(flow("store", "--shard", "1/2")) as steady:
            for at_least in (200, 2_000, 5_000):
                killed = kill_at(
                    flow("store", "--shard", "2/2"), lambda: ticks_of(database, SOURCE), at_least
                )
                assert killed
                assert_books_balance(database)
            wait_for(steady, lambda: ticks_of(database, KRAKEN) == 8_000)
            with running(flow("store", "--shard", "2/2")) as again:
                append(database_url, run, range(160, 162))
                wait_for(again, lambda: ticks_of(database, SOURCE) == 8_100)
                assert stopped(again) == 0
            assert stopped(steady) == 0
        assert_every_record_is_booked_once(database, CONSUMER)
        assert_books_balance(database)
        assert_candles_are_those_of_the_ticks(database)

    def test_their_number_may_change_and_what_is_committed_is_where_they_go_on(
        self,
        flow: StartFlow,
        database: psycopg.Connection[Any],
        database_url: str,
        tmp_path: Path,
    ) -> None:
        recovery = tmp_path / "data" / "recovery"

        def more(which: int, commands: list[Command], left: set[str]) -> None:
            """Run these until they have stored more of both sources; what snapshots are left."""
            for source, name in ((SOURCE, "binance"), (KRAKEN, "kraken")):
                new = range(which * 13, which * 13 + 13)
                append(database_url, tmp_path / "run", new, partition=f"{name}-0", source=source)
            with ExitStack() as stack:
                for process in [stack.enter_context(running(command)) for command in commands]:
                    wait_for(process, lambda: committed_ticks(database) == 1_300 * (which + 1))
                    assert stopped(process) == 0
            assert {path.name for path in recovery.iterdir()} == left

        more(0, [flow("store")], {"store-simulated"})
        more(
            1,
            [flow("store", "--shard", "1/2"), flow("store", "--shard", "2/2")],
            {"store-simulated-1of2", "store-simulated-2of2"},
        )
        more(2, [flow("store")], {"store-simulated"})
        with running(flow("store", "--shard", "2/3")) as process:
            wait_for(process, (recovery / "store-simulated-2of3").exists)
            assert stopped(process) == 0
        assert [path.name for path in recovery.iterdir()] == ["store-simulated-2of3"]
        assert_every_record_is_booked_once(database, CONSUMER)
        assert_books_balance(database)
        assert_candles_are_those_of_the_ticks(database)

    def test_one_that_overlaps_with_another_at_work_is_refused(
        self, flow: StartFlow, database_url: str
    ) -> None:
        writer = OutcomeWriter(database_url, CONSUMER, Shard(1, 2))
        output, _ = (process := flow("store").start()).communicate(timeout=30)
        assert process.returncode == 1
        assert f"consumer {CONSUMER} already has a writer" in output
        assert "Traceback" not in output
        writer.close()

    def test_recorded_files_have_one_reader(self, flow: StartFlow, tmp_path: Path) -> None:
        settings = {"TRADEWIND_FEED": "replay", "TRADEWIND_REPLAY_PATHS": str(tmp_path / "x.zip")}
        command = flow("store", "--shard", "1/2")
        command = replace(command, environment={**command.environment, **settings})
        output, _ = (process := command.start()).communicate(timeout=30)
        assert process.returncode == 1
        assert "recorded files have one reader" in output and "Traceback" not in output

    def test_live_has_none(self, flow: StartFlow) -> None:
        output, _ = (process := flow("live", "--shard", "1/2").start()).communicate(timeout=30)
        assert process.returncode == 1
        assert "flow live runs in one process" in output and "Traceback" not in output


class TestLive:
    def test_a_record_is_on_the_live_stream_and_among_the_newest_prices(
        self,
        flow: StartFlow,
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


def test_an_unknown_pipeline_is_refused_with_the_known_ones(flow: StartFlow) -> None:
    process = flow("nonsense").start()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "store" in output and "live" in output and "Traceback" not in output
