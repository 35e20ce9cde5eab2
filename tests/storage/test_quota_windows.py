"""The windows of quotas in a real Valkey: everything is counted or nothing, and what is lost is known."""

from collections.abc import AsyncIterator

import pytest
import redis

from market.quotas import Budget, Limit, Period
from storage.errors import CacheUnavailableError
from storage.quota_rules import Standing, counts
from storage.quota_windows import Answer, QuotaWindows, Verdict, budget_key
from tests.connectors.support import us

NOW_US = us("2026-11-24T12:00:30")
DAY = us("2026-11-24T00:00:00"), us("2026-11-25T00:00:00")
DEMO = Budget("coingecko", "cd", (Limit(3, Period.MINUTE), Limit(100, Period.MONTH)))
WINDOW_US = 60_500_000


@pytest.fixture
async def windows(redis_url: str) -> AsyncIterator[QuotaWindows]:
    opened = QuotaWindows(redis_url)
    yield opened
    await opened.close()


async def take(
    windows: QuotaWindows, now_us: int, budget: Budget = DEMO, *, spread: bool = False
) -> Answer:
    return await windows.take(budget, counts(budget, spread=spread), now_us, spread=spread)


async def fill(windows: QuotaWindows, standing: Standing, budget: Budget = DEMO) -> None:
    await windows.fill(budget, counts(budget, spread=False), standing, NOW_US)


async def test_what_was_never_filled_is_lost(windows: QuotaWindows) -> None:
    assert (await take(windows, NOW_US)).verdict is Verdict.LOST


async def test_a_window_slides_over_the_last_calls(windows: QuotaWindows) -> None:
    minute = Budget("kraken", "none", (Limit(3, Period.MINUTE),))
    await fill(windows, Standing(generation=7), minute)
    granted = [await take(windows, NOW_US + at, minute, spread=True) for at in (0, 10, 20)]
    assert granted == [Answer(Verdict.GRANTED, 0, 7)] * 3
    refused = await take(windows, NOW_US + 30, minute, spread=True)
    assert refused == Answer(Verdict.REFUSED, NOW_US + WINDOW_US, 0)
    again = await take(windows, refused.again_us, minute, spread=True)
    assert again.verdict is Verdict.GRANTED
    refused = await take(windows, refused.again_us, minute, spread=True)
    assert refused.again_us == NOW_US + WINDOW_US + 10


async def test_a_call_that_one_limit_refuses_is_counted_in_none(
    windows: QuotaWindows, redis_url: str
) -> None:
    await fill(windows, Standing(used={("month unspread", us("2026-11-01T00:00:00")): 9}))
    assert (await take(windows, NOW_US)).verdict is Verdict.GRANTED
    with redis.Redis.from_url(redis_url) as client:
        before = client.hgetall(budget_key(DEMO))
        refused = await take(windows, NOW_US + WINDOW_US)
        assert client.hgetall(budget_key(DEMO)) == before
    assert refused == Answer(Verdict.REFUSED, us("2026-12-01T00:00:00"), 0)


async def test_spread_calls_are_paced_and_others_are_not(windows: QuotaWindows) -> None:
    free = Budget("alphavantage", "ab", (Limit(25, Period.DAY),))
    await fill(windows, Standing(used={("day", DAY[0]): 12}), free)
    assert (await take(windows, NOW_US, free, spread=True)).verdict is Verdict.GRANTED
    refused = await take(windows, NOW_US + 1, free, spread=True)
    assert refused.again_us == NOW_US + -((NOW_US - DAY[1]) // 13)
    unspread = [await take(windows, NOW_US + 1, free) for _ in range(3)]
    assert [each.verdict for each in unspread] == [1, 1, 0]
    assert unspread[2].again_us == DAY[1]


async def test_a_block_holds_everything_back_and_only_grows(windows: QuotaWindows) -> None:
    await fill(windows, Standing())
    await windows.block(DEMO, NOW_US + 50)
    await windows.block(DEMO, NOW_US + 40)
    assert await take(windows, NOW_US) == Answer(Verdict.REFUSED, NOW_US + 50, 0)
    assert (await take(windows, NOW_US + 50)).verdict is Verdict.GRANTED


async def test_a_block_of_what_is_lost_makes_nothing(windows: QuotaWindows) -> None:
    await windows.block(DEMO, NOW_US + 50)
    assert (await take(windows, NOW_US)).verdict is Verdict.LOST


async def test_another_run_of_redis_with_what_it_had_saved_is_lost(
    windows: QuotaWindows, redis_url: str
) -> None:
    await fill(windows, Standing(generation=1))
    with redis.Redis.from_url(redis_url) as client:
        client.hset(budget_key(DEMO), "run", "0" * 40)
    assert (await take(windows, NOW_US)).verdict is Verdict.LOST
    await fill(windows, Standing(generation=1))
    assert (await take(windows, NOW_US)).generation == 1


async def test_a_filling_replaces_older_ones_alone(windows: QuotaWindows) -> None:
    await fill(windows, Standing(generation=2))
    await fill(windows, Standing(generation=1))
    await windows.forget(DEMO, 1)
    assert (await take(windows, NOW_US)).generation == 2
    await windows.forget(DEMO, 2)
    assert (await take(windows, NOW_US)).verdict is Verdict.LOST


async def test_limits_that_changed_are_filled_anew(windows: QuotaWindows) -> None:
    await fill(windows, Standing())
    more = Budget("coingecko", "cd", (Limit(5, Period.MINUTE),))
    assert (await take(windows, NOW_US, more)).verdict is Verdict.LOST


async def test_the_order_of_calls_is_the_order_of_their_times(windows: QuotaWindows) -> None:
    second = Budget("kraken", "none", (Limit(1, Period.SECOND),))
    await fill(windows, Standing(), second)
    await take(windows, NOW_US, second, spread=True)
    refused = await take(windows, NOW_US - 5_000, second, spread=True)
    assert refused.again_us == NOW_US + 1_500_000


async def test_a_clock_that_was_set_back_makes_the_windows_worthless(windows: QuotaWindows) -> None:
    await fill(windows, Standing())
    await take(windows, NOW_US)
    assert (await take(windows, NOW_US - 11_000_000)).verdict is Verdict.LOST


async def test_no_redis_is_told_at_once() -> None:
    windows = QuotaWindows("redis://127.0.0.1:1/0")
    with pytest.raises(CacheUnavailableError):
        await take(windows, NOW_US)
    await windows.close()
