"""`kill -9` of the processes of a running `up` under load, at seeded counts of committed ticks.

After each kill all is ready, stored and shown again within a bound, and nothing is lost, doubled or
folded wrong. In the end every trade that the sandbox made while anybody listened is stored.
"""

import time

import psycopg
import pytest

from tests.chaos.checks import Check, check_that_no_trade_is_lost, check_what_is_shown
from tests.chaos.invariants import Connection, committed_ticks
from tests.chaos.kills import ALL_VICTIMS, VICTIMS, rampage, seeded_kills, summary
from tests.tradewind.support import Up, wait_until

COMMITTED_PER_S = 500.0


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
