"""`kill -9` of the processes of a running `up` at seeded counts of committed ticks.

After each kill ticks are committed again within a bound, and nothing is lost, doubled or folded wrong.
"""

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence

import psycopg
import pytest

from tests.chaos.invariants import (
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    assert_every_record_is_booked_once,
    committed_ticks,
)
from tests.tradewind.support import Up, data_directory, running_up

VICTIMS = ("store", "live", "feeds", "postgres", "valkey")
RECOVERED_WITHIN_S = 30.0
TICKS_BETWEEN_KILLS = (50, 400)


@pytest.fixture
def up() -> Iterator[Up]:
    with data_directory() as data, running_up(data) as running:
        yield running
        running.stop()


def ticks(up: Up) -> int:
    """Ticks committed so far; -1 while the database is away."""
    try:
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            return committed_ticks(connection)
    except psycopg.OperationalError:
        return -1


def wait_for_ticks(up: Up, at_least: int) -> None:
    deadline = time.monotonic() + RECOVERED_WITHIN_S
    while ticks(up) < at_least:
        assert time.monotonic() < deadline, f"{ticks(up)} of {at_least} ticks"
        time.sleep(0.02)


def check(up: Up) -> None:
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        assert_books_balance(connection)
        assert_every_record_is_booked_once(connection, "store-simulated")
        assert_candles_are_those_of_the_ticks(connection)


def rampage(up: Up, victims: Sequence[str], seed: int) -> None:
    """Kill each in turn after a seeded number of further ticks; check once ticks flow again."""
    counts = random.Random(seed)
    wait_for_ticks(up, 1)
    for victim in victims:
        wait_for_ticks(up, ticks(up) + counts.randint(*TICKS_BETWEEN_KILLS))
        before = up.pids()[victim]
        os.kill(before, signal.SIGKILL)
        wait_for_ticks(up, 1)
        wait_for_ticks(up, ticks(up) + TICKS_BETWEEN_KILLS[0])
        check(up)
        wait_for_another(up, victim, before)


def wait_for_another(up: Up, victim: str, before: int) -> None:
    deadline = time.monotonic() + RECOVERED_WITHIN_S
    while up.pids().get(victim, before) == before:
        assert time.monotonic() < deadline, f"{victim} was not started again"
        time.sleep(0.02)


def test_a_kill_of_each_process_loses_nothing(up: Up) -> None:
    rampage(up, VICTIMS, seed=7)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_thirty_kills_lose_nothing(up: Up) -> None:
    victims = random.Random(30).choices((*VICTIMS, "sandbox", "api"), k=30)
    rampage(up, victims, seed=30)
