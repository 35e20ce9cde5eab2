"""Connections to Redis: bounded in number and in time, and found again."""

import asyncio

import pytest
import redis.asyncio

from storage.cache import MOST_CONNECTIONS, cache_answer, cache_connections
from storage.errors import CacheUnavailableError
from tests.api.harness import redis_proxy


async def test_there_are_no_more_than_so_many(redis_url: str) -> None:
    pool = cache_connections(redis_url)
    client = redis.asyncio.Redis(connection_pool=pool)
    async with cache_answer():
        ids = await asyncio.gather(*(client.client_id() for _ in range(200)))
    assert len(set(ids)) <= MOST_CONNECTIONS
    await pool.aclose()


async def test_one_that_died_while_idle_is_not_used(redis_url: str) -> None:
    async with redis_proxy(redis_url) as (proxy, url):
        pool = cache_connections(url)
        client = redis.asyncio.Redis(connection_pool=pool)
        async with cache_answer():
            assert await client.ping()
        await proxy.cut()
        with pytest.raises(CacheUnavailableError):
            async with cache_answer():
                await client.ping()
        await proxy.mend()
        async with cache_answer():
            assert await client.ping()
        await pool.aclose()


async def test_a_redis_that_does_not_move_is_given_up_by_all_who_wait(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.cache.ANSWER_WITHIN_S", 0.3)
    loop = asyncio.get_running_loop()

    async def ask(client: redis.asyncio.Redis) -> bool:
        async with cache_answer():
            return bool(await client.ping())

    async with redis_proxy(redis_url) as (proxy, url):
        pool = cache_connections(url)
        client = redis.asyncio.Redis(connection_pool=pool)
        assert await ask(client)
        proxy.freeze()
        began = loop.time()
        asked = [ask(client) for _ in range(3 * MOST_CONNECTIONS)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(each) for each in found} == {CacheUnavailableError}
        assert loop.time() - began < 1.5
        proxy.thaw()
        assert await ask(client)
        await pool.aclose()
