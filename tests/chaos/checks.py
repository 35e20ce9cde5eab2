"""What is checked of a running `up`: at any moment, while nothing moves, and in the end."""

from datetime import UTC, datetime, timedelta

import psycopg
import redis

from storage.keeping import Keeping
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
from tests.chaos.quotas import QuotaWatch
from tests.chaos.shown import FEED, assert_no_news_came_twice, assert_shown_are_the_newest, at_rest
from tests.chaos.trades import (
    assert_missing_trades_are_in_the_book_of_gaps,
    assert_trades_are_those_of_the_sandbox,
    lost_gaps,
    open_gaps,
)
from tests.tradewind.support import Up, wait_until

TICKS_PER_S = 700.0
"""What the sandbox's venues say; a little of it is not for us, such as quotes without a trade."""
FILLED_WITHIN_S = 150.0
"""A gap that was not filled at once is asked for again a minute later."""


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
            assert_candles_are_those_of_the_ticks(connection, kept_since())
            self._quotas.check(connection)


def kept_since() -> datetime:
    """From when on the upkeep keeps simulated ticks."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=Keeping().simulated_days)


def check_what_is_shown(up: Up) -> None:
    """Redis has all that is newest, and no news twice."""
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
