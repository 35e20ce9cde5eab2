"""Attempts in a real Valkey: all buckets or none, exactly as many as may be, and given back exactly."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from storage.attempts import Attempts, Refused, Taken
from storage.errors import CacheUnavailableError
from tests.api.harness import redis_proxy

NOBODY = "redis://127.0.0.1:1/0"
ADA, HERE, THERE = "login:account:ada", "login:client:203.0.113.7", "login:client:203.0.113.8"


@pytest.fixture
async def attempts(redis_url: str) -> AsyncIterator[Attempts]:
    opened = Attempts(redis_url)
    yield opened
    await opened.close()


def members(redis_url: str, bucket: str) -> set[str]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        return set(client.zrange(f"tw:attempts:{bucket}", 0, -1))


def age(redis_url: str, bucket: str, by_s: float) -> None:
    """Make what is in a bucket so much older."""
    with redis.Redis.from_url(redis_url) as client:
        for member in client.zrange(f"tw:attempts:{bucket}", 0, -1):
            client.zincrby(f"tw:attempts:{bucket}", -by_s * 1e6, member)


async def taken(attempts: Attempts, *buckets: str) -> Taken:
    found = await attempts.take(buckets)
    assert isinstance(found, Taken)
    return found


async def test_five_may_be_made_and_the_next_has_to_wait(
    attempts: Attempts, redis_url: str
) -> None:
    for _ in range(5):
        await taken(attempts, ADA)
    assert await attempts.take([ADA]) in (Refused(900), Refused(899))
    age(redis_url, ADA, 880)
    refused = await attempts.take([ADA])
    assert isinstance(refused, Refused)
    assert 15 < refused.retry_after_s <= 20
    age(redis_url, ADA, 21)
    await taken(attempts, ADA)
    assert len(members(redis_url, ADA)) == 1


async def test_the_wait_is_for_as_many_as_are_too_many(attempts: Attempts, redis_url: str) -> None:
    for _ in range(5):
        await taken(attempts, ADA)
        age(redis_url, ADA, 100)
    found = await attempts.take([ADA], most=2)
    assert isinstance(found, Refused)
    assert 695 < found.retry_after_s <= 700  # when the second youngest leaves


async def test_of_fifty_at_once_exactly_five_are_made(attempts: Attempts, redis_url: str) -> None:
    found = await asyncio.gather(*(attempts.take([ADA, HERE]) for _ in range(50)))
    made = {each.member for each in found if isinstance(each, Taken)}
    assert len(made) == 5
    assert members(redis_url, ADA) == members(redis_url, HERE) == made


async def test_what_one_bucket_refuses_is_entered_in_none(
    attempts: Attempts, redis_url: str
) -> None:
    for _ in range(5):
        await taken(attempts, HERE)
    assert isinstance(await attempts.take([ADA, HERE]), Refused)
    assert members(redis_url, ADA) == set()
    await taken(attempts, ADA, THERE)


async def test_one_that_succeeds_is_given_back_and_no_other(
    attempts: Attempts, redis_url: str
) -> None:
    made = [await taken(attempts, ADA, HERE) for _ in range(5)]
    assert isinstance(await attempts.take([ADA]), Refused)
    await attempts.give_back(made[2])
    await attempts.give_back(made[2])
    left = {each.member for each in made} - {made[2].member}
    assert members(redis_url, ADA) == members(redis_url, HERE) == left
    await taken(attempts, ADA, HERE)
    assert isinstance(await attempts.take([ADA]), Refused)


async def test_a_bucket_that_is_named_twice_counts_once(attempts: Attempts, redis_url: str) -> None:
    assert (await taken(attempts, ADA, ADA)).buckets == (ADA,)
    assert len(members(redis_url, ADA)) == 1


async def test_nothing_is_kept_longer_than_a_window(attempts: Attempts, redis_url: str) -> None:
    await attempts.take([ADA], window_s=60)
    with redis.Redis.from_url(redis_url) as client:
        assert 59_000 < client.pttl(f"tw:attempts:{ADA}") <= 60_000


async def test_without_redis_no_attempt_is_made() -> None:
    attempts = Attempts(NOBODY)
    with pytest.raises(CacheUnavailableError):
        await attempts.take([ADA])
    with pytest.raises(CacheUnavailableError):
        await attempts.give_back(Taken((ADA,), "member"))
    await attempts.close()


async def test_a_redis_that_does_not_move_is_given_up_and_found_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.cache.ANSWER_WITHIN_S", 0.2)
    async with redis_proxy(redis_url) as (proxy, url):
        attempts = Attempts(url)
        await taken(attempts, ADA)
        proxy.freeze()
        with pytest.raises(CacheUnavailableError):
            await attempts.take([ADA])
        proxy.thaw()
        await taken(attempts, ADA)
        await attempts.close()
