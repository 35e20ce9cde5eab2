"""The end of what is old beside a flow: it comes without being asked, whatever the plan's own feed."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from market.clock import microseconds
from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.keeping import Keeping
from storage.partitions import TickPartitions
from tests.chaos.harness import Command, run_to_end
from tradewind import ending as module
from tradewind.ending import old_ended

DEADLINE_S = 60.0
OLD = "SELECT count(*) FROM pg_class WHERE relname ~ '^ticks_(simulated|recorded)_[0-9]+$'"


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "TRADEWIND_DATABASE_URL": database_url,
        "TRADEWIND_REDIS_URL": redis_url,
        "TRADEWIND_DATA": str(tmp_path / "data"),
        "TRADEWIND_RUN": str(tmp_path / "run"),
        "TRADEWIND_FEED": "live",
        "TRADEWIND_KEEP_RECORDED_DAYS": "9",
    }


def fill_old(database_url: str) -> None:
    """A partition of simulated ticks and one of recorded, both old."""
    old = np.array([microseconds(datetime.now(UTC) - timedelta(days=99))])
    with psycopg.connect(database_url, autocommit=True) as connection:
        for feed in (Feed.SIMULATED, Feed.RECORDED):
            TickPartitions(connection).ensure(feed, old, np.array([], np.int64))
    assert old_partitions(database_url) == 2


def old_partitions(database_url: str) -> int:
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(OLD).fetchone()
    assert row is not None
    return int(row[0])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_what_another_feed_has_left_ends_beside_the_flow(
    database_url: str, environment: dict[str, str]
) -> None:
    fill_old(database_url)
    process = Command(["pipeline", "store"], environment).start()
    try:
        wait_until(lambda: process.poll() is not None or old_partitions(database_url) == 0)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_replay_ends_what_is_old_when_it_is_through(
    database_url: str, environment: dict[str, str], test_data: Path
) -> None:
    fill_old(database_url)
    file = min((test_data / "fx_ticks" / "oanda_eurusd").glob("*.zip"))
    run_to_end(Command(["replay", str(file), "--speed", "max"], environment))
    assert old_partitions(database_url) == 0
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) > 0 FROM market.candles").fetchone()
    assert row == (True,)


def test_what_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    failures, enough = [DatabaseUnavailableError("gone"), ZeroDivisionError()], threading.Event()

    def end_old(_url: str, _keeping: Keeping) -> None:
        if failures:
            raise failures.pop()
        enough.set()

    monkeypatch.setattr(module, "end_old", end_old)
    with old_ended("nowhere", Keeping(), interval_s=0.0):
        assert enough.wait(DEADLINE_S)
