"""`kill -9` of the processes of a running `up` under load, at seeded counts of committed ticks.

After each kill all is ready, stored and shown again within a bound, and nothing is lost, doubled or
folded wrong. In the end every trade that the sandbox made while anybody listened is stored.
"""

import time
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.chaos.invariants import (
    Connection,
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    assert_every_record_is_booked_once,
    assert_no_trade_is_stored_twice,
    assert_payloads_are_accounted_for,
    assert_the_log_has_no_hole,
    committed_ticks,
    one_snapshot,
)
from tests.chaos.kills import ALL_VICTIMS, VICTIMS, rampage, seeded_kills, summary
from tests.chaos.quotas import QuotaWatch
from tests.chaos.shown import FEED, assert_no_news_came_twice, assert_shown_are_the_newest, at_rest
from tests.chaos.trades import (
    assert_missing_trades_are_in_the_book_of_gaps,
    assert_trades_are_those_of_the_sandbox,
    lost_gaps,
    open_gaps,
)
from tests.tradewind.support import Up, data_directory, running_up, wait_until
from tradewind.ports import free_port

TICKS_PER_S = 700.0
"""What the sandbox's venues say; a little of it is not for us, such as quotes without a trade."""
COMMITTED_PER_S = 500.0
FILLED_WITHIN_S = 150.0
"""A gap that was not filled at once is asked for again a minute later."""

LOG_LENGTH = 2_000
"""Characters of each log that are shown where a test has failed."""


@pytest.fixture
def up() -> Iterator[Up]:
    variables = {
        "TRADEWIND_SANDBOX_TICKS_PER_S": str(TICKS_PER_S),
        "TRADEWIND_SANDBOX_PORT": str(free_port("127.0.0.1")),  # nobody else's while it is down
    }
    with data_directory() as data, running_up(data, variables=variables) as running:
        yield running
        stopped = running.stop()
        show(running)
        assert stopped == 0


def show(up: Up) -> None:
    """What all said, for a test that has failed."""
    print(up.output.read_text())
    for path in sorted((up.data / "logs").iterdir()):
        print(f"== {path.name}", path.read_text()[-LOG_LENGTH:], sep="\n")


class Check:
    """What holds at any moment, in one snapshot."""

    def __init__(self) -> None:
        self._quotas = QuotaWatch()
        self._accounted: dict[str, int] = {}

    def __call__(self, connection: Connection) -> None:
        with one_snapshot(connection):
            assert_the_log_has_no_hole(connection)
            assert_every_record_is_booked_once(connection, f"store-{FEED.value}")
            assert_payloads_are_accounted_for(connection, self._accounted)
            assert_books_balance(connection)
            assert_no_trade_is_stored_twice(connection)
            assert_missing_trades_are_in_the_book_of_gaps(connection)
            assert_candles_are_those_of_the_ticks(connection)
            self._quotas.check(connection)


def check_what_is_shown(up: Up) -> None:
    """What holds while nothing moves: Redis has all that is newest, and no news twice."""
    with at_rest(up) as connection, redis.Redis.from_url(up.state().redis_url) as cache:
        assert assert_shown_are_the_newest(connection, cache)
        assert assert_no_news_came_twice(cache)


def check_that_no_trade_is_lost(up: Up) -> int:
    """Every gap of trades is filled within a bound, and then no trade is missing; how many there are."""
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        wait_until(lambda: open_gaps(connection) == 0, FILLED_WITHIN_S, "all gaps of trades filled")
        assert lost_gaps(connection) == []
        with one_snapshot(connection):
            return assert_trades_are_those_of_the_sandbox(connection, TICKS_PER_S)


def test_a_kill_of_each_process_loses_nothing(up: Up) -> None:
    rampage(up, seeded_kills(7, VICTIMS, len(VICTIMS), range(50, 400)), Check())
    check_what_is_shown(up)
    check_that_no_trade_is_lost(up)


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_a_hundred_kills_lose_nothing(up: Up) -> None:
    check = Check()
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        assert_the_load_is_there(connection)
    began_s = time.monotonic()
    kills = seeded_kills(2024, ALL_VICTIMS, 100, range(1, 1_500))
    recoveries = []
    for first in range(0, len(kills), 10):
        recoveries += rampage(up, kills[first : first + 10], check)
        check_what_is_shown(up)
    took_s = time.monotonic() - began_s
    trades = check_that_no_trade_is_lost(up)
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        check(connection)
        ticks = committed_ticks(connection)
    print(f"{len(kills)} kills in {took_s:.0f} s, {ticks:,} ticks, {trades:,} trades of venues")
    print(summary(recoveries))


def assert_the_load_is_there(connection: Connection) -> None:
    """So many ticks a second are committed."""
    before, began_s = committed_ticks(connection), time.monotonic()
    wait_until(lambda: committed_ticks(connection) >= before + 10 * COMMITTED_PER_S, 30, "the load")
    assert (committed_ticks(connection) - before) / (time.monotonic() - began_s) >= COMMITTED_PER_S
