"""`kill -9` of the processes of a running `up` at seeded counts of committed ticks.

After each kill all is ready and ticks are committed again within a bound, and nothing is lost, doubled or
folded wrong.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
import redis

from market.latest import LATEST
from market.sources import SOURCES, Feed
from storage.live import latest_key
from tests.chaos.harness import rampage_in, seeded_kills
from tests.chaos.invariants import (
    Connection,
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    assert_every_record_is_booked_once,
    assert_no_trade_is_stored_twice,
    assert_payloads_are_accounted_for,
    assert_the_log_has_no_hole,
    one_snapshot,
)
from tests.tradewind.support import Up, data_directory, running_up, wait_until

FEED = Feed.SIMULATED
VICTIMS = ("store", "live", "feeds", "postgres", "valkey")
ALL_VICTIMS = (*VICTIMS, "api", "sandbox")
CAUGHT_UP_WITHIN_S = 20.0


@pytest.fixture
def up() -> Iterator[Up]:
    with data_directory() as data, running_up(data) as running:
        yield running
        stopped = running.stop()
        print(running.output.read_text())  # shown where a test has failed
        assert stopped == 0


def check(connection: Connection) -> None:
    """What holds at any moment."""
    with one_snapshot(connection):
        assert_books_balance(connection)
        assert_every_record_is_booked_once(connection, f"store-{FEED.value}")
        assert_the_log_has_no_hole(connection)
        assert_no_trade_is_stored_twice(connection)
        assert_candles_are_those_of_the_ticks(connection)


def check_at_the_end(up: Up) -> None:
    """What takes long to look at, and what holds a moment later: Redis has caught up."""
    with psycopg.connect(up.state().database_url, autocommit=True) as connection:
        assert_payloads_are_accounted_for(connection)
        stored = newest_stored(connection)
    assert stored
    with redis.Redis.from_url(up.state().redis_url) as cache:
        wait_until(lambda: not behind(stored, cache), CAUGHT_UP_WITHIN_S, "newest prices in Redis")


Key = tuple[int, int, bool]
"""Instrument, source, and whether it is of quotes."""


def newest_stored(connection: Connection) -> dict[Key, int]:
    """The time of the newest tick of each source's quotes, and of the rest."""
    rows = connection.execute(
        "SELECT instrument_id, source_id, kind = 'q',"
        " (extract(epoch FROM max(time)) * 1000000)::bigint FROM market.ticks GROUP BY 1, 2, 3"
    )
    return {(id_, source, quote): time_us for id_, source, quote, time_us in rows}


def behind(stored: dict[Key, int], cache: "redis.Redis") -> list[Key]:
    """Of what Redis has nothing as new as what was stored, elected or not."""
    newest: dict[Key, int] = {}
    for provider in (None, *{source.provider for source in SOURCES}):
        # Any: its stubs type answers as text, and these are bytes.
        items: Any = cache.hvals(latest_key(FEED, provider))
        for item in np.frombuffer(b"".join(items), LATEST):
            for quote, time_us in ((True, item["quote_time"]), (False, item["price_time"])):
                key = int(item["instrument"]), int(item["source"]), quote
                newest[key] = max(newest.get(key, 0), int(time_us))
    return [key for key, time_us in stored.items() if newest.get(key, 0) < time_us]


def test_a_kill_of_each_process_loses_nothing(up: Up) -> None:
    rampage_in(up, seeded_kills(7, VICTIMS, range(50, 400)), check)
    check_at_the_end(up)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", [30, 31])
def test_thirty_kills_lose_nothing(up: Up, seed: int) -> None:
    rampage_in(up, seeded_kills(seed, (ALL_VICTIMS * 5)[:30], range(1, 1_500)), check)
    check_at_the_end(up)
