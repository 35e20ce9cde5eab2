"""What people look at: told by several processes, added up, and forgotten in time."""

from collections.abc import AsyncIterator

import pytest
import redis

from storage.errors import CacheUnavailableError
from storage.wants import GOOD_FOR_US, READ_EVERY_US, WATCHED_KEY, Wants, Watched, added_up
from tests.api.harness import NO_REDIS, redis_proxy
from tests.connectors.support import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def pair(redis_url: str, hands: Hands) -> AsyncIterator[tuple[Watched, Watched]]:
    one, other = (Watched(redis_url, clock=hands.clock) for _ in range(2))
    yield one, other
    await one.close()
    await other.close()


async def test_what_several_processes_say_is_added_up(
    pair: tuple[Watched, Watched], redis_url: str, hands: Hands
) -> None:
    wants = Wants(redis_url, clock=hands.clock)
    assert await wants.wanted() == {}
    await pair[0].tell({101: 9})
    await pair[0].tell({101: 2, 102: 1})
    await pair[1].tell({102: 1, 103: 0})
    assert await wants.wanted() == {}
    hands.now_us += READ_EVERY_US
    assert await wants.wanted() == {101: 2.0, 102: 2.0}
    await wants.close()


async def test_what_a_process_said_ends_with_it(
    pair: tuple[Watched, Watched], redis_url: str, hands: Hands
) -> None:
    await pair[0].tell({101: 1})
    hands.now_us += GOOD_FOR_US
    await pair[1].tell({102: 1})
    wants = Wants(redis_url, clock=hands.clock)
    assert await wants.wanted() == {102: 1.0}
    with redis.Redis.from_url(redis_url) as client:
        assert client.hlen(WATCHED_KEY) == 1
    await wants.close()


async def test_what_is_none_of_ours_is_removed(redis_url: str) -> None:
    wants = Wants(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.hset(WATCHED_KEY, "x", "nonsense")
        assert await wants.wanted() == {}
        assert client.hlen(WATCHED_KEY) == 0
    await wants.close()


async def test_without_redis_what_was_known_holds_for_a_minute(
    pair: tuple[Watched, Watched], redis_url: str, hands: Hands
) -> None:
    await pair[0].tell({101: 1})
    async with redis_proxy(redis_url) as (proxy, url):
        wants = Wants(url, clock=hands.clock)
        assert await wants.wanted() == {101: 1.0}
        await proxy.cut()
        hands.now_us += GOOD_FOR_US
        assert await wants.wanted() == {101: 1.0}
        hands.now_us += READ_EVERY_US
        assert await wants.wanted() == {}
        await wants.close()


async def test_nobody_listens() -> None:
    watched = Watched(NO_REDIS)
    with pytest.raises(CacheUnavailableError):
        await watched.tell({101: 1})
    await watched.close()


def test_wants_of_several_kinds_are_added() -> None:
    assert added_up({1: 1.0, 2: 0.5}, {2: 2.0}, {}) == {1: 1.0, 2: 2.5}
