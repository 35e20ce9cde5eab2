"""The rules of quotas: what is counted, what those get that may wait, and how the rest is spread."""

import pytest

from market.quotas import Budget, Limit, Period
from storage.quota_rules import (
    MINUTE_US,
    Standing,
    alone_until_us,
    buckets,
    counts,
    exhausted_until_us,
    limits_of,
    limits_text,
    paced_us,
    refilled,
    share,
    spacing_us,
)
from tests.connectors.support import us

NOW_US = us("2026-11-24T12:00:30")
MINUTE_START_US = us("2026-11-24T12:00:00")
DAY = us("2026-11-24T00:00:00"), us("2026-11-25T00:00:00")
FREE = Budget("alphavantage", "ab", (Limit(25, Period.DAY), Limit(1, Period.SECOND)))
DEMO = Budget("coingecko", "cd", (Limit(100, Period.MINUTE), Limit(10_000, Period.MONTH)))


@pytest.mark.parametrize(
    ("limit", "calls"),
    [
        (Limit(25, Period.DAY), 2),
        (Limit(10_000, Period.MONTH), 1_000),
        (Limit(100, Period.MINUTE), 50),
        (Limit(1, Period.SECOND), 1),
        (Limit(5, Period.MONTH), 1),
        (Limit(0, Period.DAY), 0),
    ],
)
def test_what_is_not_spread_has_a_share_of_each_limit(limit: Limit, calls: int) -> None:
    assert share(limit) == calls


def test_limits_read_like_words() -> None:
    assert limits_text(DEMO) == "100/minute, 10,000/month"
    assert limits_of(limits_text(DEMO)) == DEMO.limits
    assert limits_of("") == ()


def test_a_call_is_entered_in_every_period_but_the_second() -> None:
    assert buckets(counts(FREE, spread=True), NOW_US) == [("day", DAY[0])]
    assert buckets(counts(DEMO, spread=False), NOW_US) == [
        ("minute", MINUTE_START_US),
        ("month", us("2026-11-01T00:00:00")),
        ("minute unspread", MINUTE_START_US),
        ("month unspread", us("2026-11-01T00:00:00")),
    ]


def test_what_is_left_is_spread_evenly_and_reaches_the_end_with_the_last_call() -> None:
    hour_us = 3_600_000_000
    assert spacing_us(24 * hour_us, 0, 23) == hour_us
    assert paced_us(FREE, {"day": 24, "second": 1}, NOW_US) == (NOW_US + DAY[1]) // 2
    assert paced_us(FREE, {"day": 25, "second": 1}, NOW_US) == DAY[1]
    assert paced_us(Budget("kraken", "none", ()), {}, NOW_US) == 0


def test_a_day_is_exhausted_until_its_end_and_a_block_until_its_own() -> None:
    counted = counts(FREE, spread=True)
    used = {("day", DAY[0]): 25, ("day unspread", DAY[0]): 2}
    assert exhausted_until_us(counted, Standing(used=used), NOW_US) == DAY[1]
    assert exhausted_until_us(counted, Standing(blocked_us=NOW_US + 1), NOW_US) == NOW_US + 1
    assert exhausted_until_us(counted, Standing(blocked_us=NOW_US), NOW_US) == 0
    used[("day", DAY[0])] = 24
    assert exhausted_until_us(counted, Standing(used=used), NOW_US) == 0
    assert exhausted_until_us(counts(FREE, spread=False), Standing(used=used), NOW_US) == DAY[1]


class TestAlone:
    """While there is no Redis."""

    def test_a_second_gets_one_call(self) -> None:
        counted = counts(FREE, spread=True)
        standing = Standing(last_us=NOW_US - 400_000)
        assert alone_until_us(counted, standing, NOW_US, spread=True) == NOW_US + 1_100_000
        assert alone_until_us(counted, standing, NOW_US + 1_100_000, spread=True) == 0

    def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_a_window(self) -> None:
        standing = Standing(last_us=NOW_US + 3_600_000_000)
        until_us = alone_until_us(counts(FREE, spread=True), standing, NOW_US, spread=True)
        assert until_us == NOW_US + 1_500_000

    def test_two_minutes_get_half_of_one(self) -> None:
        counted = counts(DEMO, spread=True)
        used = {("minute", MINUTE_START_US - MINUTE_US): 30, ("minute", MINUTE_START_US): 19}
        assert alone_until_us(counted, Standing(used=used), NOW_US, spread=True) == 0
        used[("minute", MINUTE_START_US)] = 20
        until_us = alone_until_us(counted, Standing(used=used), NOW_US, spread=True)
        assert until_us == MINUTE_START_US + MINUTE_US

    def test_the_pace_of_the_day_is_kept(self) -> None:
        standing = Standing(paced_us=NOW_US + 5)
        assert alone_until_us(counts(FREE, spread=True), standing, NOW_US, spread=True) > NOW_US
        assert alone_until_us(counts(FREE, spread=False), standing, NOW_US, spread=False) == 0


def test_a_window_is_filled_with_no_less_than_it_may_have_seen() -> None:
    second, minute = counts(FREE, spread=True)[1], counts(DEMO, spread=True)[0]
    last_us = NOW_US - 7
    used = {("minute", MINUTE_START_US - MINUTE_US): 90, ("minute", MINUTE_START_US): 30}
    standing = Standing(last_us=last_us, used=used)
    assert refilled(second, standing, NOW_US) == [(1, last_us)]
    assert refilled(second, Standing(), NOW_US) == []
    assert refilled(minute, standing, NOW_US) == [(70, MINUTE_START_US), (30, last_us)]
