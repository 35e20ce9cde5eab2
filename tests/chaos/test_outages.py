"""A server or a flow stands still under load: what waits is worked off in order, and nothing is lost."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from market.clock import system_clock
from tests.chaos.checks import Check, check_that_no_trade_is_lost, check_what_is_shown
from tests.chaos.invariants import Connection
from tests.chaos.kills import kill_and_wait, wait_for_more_ticks, wait_until_fresh
from tests.chaos.quotas import Key, counted_calls
from tests.chaos.shown import Cache, newest_shown
from tests.tradewind.support import Up, wait_until

OUTAGE_S = 10.0
WORKED_OFF_WITHIN_S = 30.0
REFILLED_WITHIN_S = 15.0
USUAL_LAG_S = 2.0
LAG = "tradewind_inbox_lag_seconds"


@pytest.fixture
def connection(up: Up) -> Iterator[Connection]:
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        yield connection


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """A block during which a process and all its children do nothing."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    for each in family:
        each.suspend()
    try:
        yield
    finally:
        for each in reversed(family):
            each.resume()


@pytest.mark.slow
def test_what_came_while_postgresql_stood_still_is_worked_off(
    up: Up, connection: Connection
) -> None:
    """The connectors hold what they hear: not even a gap is left."""
    wait_for_more_ticks(up, 500, "before the outage")
    gaps = all_gaps(connection)
    with standing_still(up.pids()["postgres"]):
        time.sleep(OUTAGE_S)  # the outage itself
    back_us = system_clock()
    wait_until_fresh(up, back_us, WORKED_OFF_WITHIN_S, "PostgreSQL's return")
    Check()(connection)
    assert_records_came_in_order(connection)
    assert all_gaps(connection) == gaps
    check_what_is_shown(up)
    check_that_no_trade_is_lost(up)


@pytest.mark.slow
def test_what_flow_store_has_missed_is_worked_off(up: Up, connection: Connection) -> None:
    """Its lag is told meanwhile, and is gone soon after."""
    wait_for_more_ticks(up, 500, "before the outage")
    gaps = all_gaps(connection)
    with standing_still(up.pids()["store"]):
        time.sleep(OUTAGE_S)  # the outage itself
        assert told_lag_s(up) >= OUTAGE_S / 2
    back_us = system_clock()
    wait_until_fresh(up, back_us, WORKED_OFF_WITHIN_S, "the return of flow store")
    wait_until(lambda: told_lag_s(up) <= USUAL_LAG_S, WORKED_OFF_WITHIN_S, "all worked off")
    Check()(connection)
    assert all_gaps(connection) == gaps
    check_that_no_trade_is_lost(up)


@pytest.mark.parametrize("loss", ["FLUSHALL", "kill"])
def test_what_valkey_forgets_is_refilled_and_no_quota_given_back(
    up: Up, connection: Connection, sandbox_port: int, loss: str
) -> None:
    wait_for_more_ticks(up, 500, "before the loss")
    wait_until(lambda: bool(monthly(connection)), REFILLED_WITHIN_S, "calls of counted providers")
    calls = monthly(connection)
    with redis.Redis.from_url(up.state().redis_url) as cache:
        shown = set(newest_shown(cache))
        lost_us = system_clock()
        if loss == "FLUSHALL":
            cache.flushall()
        else:
            kill_and_wait(up, "valkey", "the loss")
        wait_until(lambda: set(newest_shown(cache)) >= shown, REFILLED_WITHIN_S, "newest prices")
        wait_until(lambda: counts_all(cache, calls), REFILLED_WITHIN_S, "the quotas' windows")
    wait_until_fresh(up, lost_us, WORKED_OFF_WITHIN_S, "the loss")
    Check()(connection)
    made = calls_made(sandbox_port, "alphavantage")
    assert 0 < made <= counted_of(connection, "alphavantage", "minute")
    check_what_is_shown(up)


def told_lag_s(up: Up) -> float:
    """How long the oldest record has been waiting for flow `store`, as /metrics tells it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/metrics", timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    lags = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == LAG and sample.labels["flow"] == "store"
    ]
    assert lags
    return max(lags)


def all_gaps(connection: Connection) -> list[tuple[object, ...]]:
    """Every gap that was ever found."""
    return connection.execute(
        "SELECT gaps.id, name, instrument_id, cause, start_at, end_at FROM market.gaps"
        " JOIN market.inbox_partitions ON inbox_partitions.id = partition_id ORDER BY gaps.id"
    ).fetchall()


def assert_records_came_in_order(connection: Connection) -> None:
    """In no stream's partition a record was received before the one ahead of it."""
    wrong = connection.execute(
        "SELECT * FROM (SELECT partition_id, log_offset, received_at, lag(received_at)"
        " OVER (PARTITION BY partition_id ORDER BY log_offset) AS before FROM market.inbox"
        " WHERE kind = 'frames') AS records WHERE received_at < before"
    ).fetchall()
    assert wrong == []


def monthly(connection: Connection) -> dict[Key, int]:
    """The counts of months, which a refilled Redis must know at once."""
    return {key: calls for key, calls in counted_calls(connection).items() if key[2] == "month"}


def counts_all(cache: Cache, calls: dict[Key, int]) -> bool:
    """Whether Redis has counted as much as the ledger had."""
    return all(
        int(cache.hget(f"tw:quota:{provider}:{key}", f"{period}:used") or 0) >= count
        for (provider, key, period, _), count in calls.items()
    )


def calls_made(sandbox_port: int, provider: str) -> int:
    """How often the sandbox was asked as a provider."""
    with urllib.request.urlopen(f"http://127.0.0.1:{sandbox_port}/calls", timeout=5) as answer:
        return sum(path["calls"] for path in json.load(answer)[provider].values())


def counted_of(connection: Connection, provider: str, what: str) -> int:
    """How many calls of a provider the ledger has."""
    return sum(
        calls
        for (name, _, period, _), calls in counted_calls(connection).items()
        if (name, period) == (provider, what)
    )
