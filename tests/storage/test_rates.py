"""Rates in a real Valkey: what is left is said, and what is over is refused."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from storage.errors import CacheUnavailableError
from storage.rates import Rate, Rates
from tests.api.harness import redis_proxy


@pytest.fixture
async def rates(redis_url: str) -> AsyncIterator[Rates]:
    opened = Rates(redis_url)
    yield opened
    await opened.close()


async def hit(rates: Rates, key: str = "203.0.113.7", name: str = "auth") -> Rate:
    return await rates.hit(name, key, most=3, per_s=60)


async def test_what_is_left_is_said_and_what_is_over_is_refused(rates: Rates) -> None:
    found = [await hit(rates) for _ in range(4)]
    assert [(each.allowed, each.limit, each.remaining) for each in found] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
    ]
    assert all(1 <= each.reset_s <= 60 for each in found)


async def test_each_caller_and_kind_has_a_limit_of_its_own(rates: Rates) -> None:
    for _ in range(4):
        refused = await hit(rates)
    assert not refused.allowed
    assert (await hit(rates, key="203.0.113.8")).allowed
    assert (await hit(rates, name="heavy")).allowed


async def test_of_fifty_at_once_no_more_pass_than_may(rates: Rates) -> None:
    found = await asyncio.gather(*(hit(rates) for _ in range(50)))
    assert sum(each.allowed for each in found) == 3


async def test_everything_it_keeps_goes_by_itself(rates: Rates, redis_url: str) -> None:
    await hit(rates)
    with redis.Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter())
        assert keys
        assert all(key.startswith(b"tw:rate") and 0 < client.ttl(key) <= 120 for key in keys)


async def test_a_redis_that_went_and_came_back_is_found(redis_url: str) -> None:
    async with redis_proxy(redis_url) as (proxy, url):
        rates = Rates(url)
        assert (await hit(rates)).allowed
        await proxy.cut()
        with pytest.raises(CacheUnavailableError):
            await hit(rates)
        await proxy.mend()
        assert (await hit(rates)).remaining == 1
        await rates.close()


async def test_a_redis_that_does_not_move_is_given_up(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.cache.ANSWER_WITHIN_S", 0.2)
    async with redis_proxy(redis_url) as (proxy, url):
        rates = Rates(url)
        await hit(rates)
        proxy.freeze()
        with pytest.raises(CacheUnavailableError):
            await hit(rates)
        proxy.thaw()
        await rates.close()
