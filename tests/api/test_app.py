"""The application while what it needs is away: it starts, answers in time, and recovers by itself."""

import asyncio
from dataclasses import replace

import pytest

from api.config import ApiConfig
from tests.api.harness import Api, Proxy, database_proxy, redis_proxy, serve

HISTORY = "/api/market/candles?symbol=EUR-USD"
PRICES = "/api/market/prices"


async def timed(api: Api, path: str) -> tuple[int, float]:
    """The status, and the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    response = await api.client.get(path)
    return response.status_code, loop.time() - began


async def eventually(api: Api, path: str, status: int) -> None:
    async with asyncio.timeout(10):
        while True:
            found, _ = await timed(api, path)
            if found == status:
                return
            await asyncio.sleep(0.02)


async def hurt(proxy: Proxy, how: str) -> None:
    if how == "cut":
        await proxy.cut()
    else:
        proxy.freeze()


async def heal(proxy: Proxy, how: str) -> None:
    if how == "cut":
        await proxy.mend()
    else:
        proxy.thaw()


@pytest.mark.parametrize("how", ["cut", "freeze"])
async def test_a_lost_database_is_a_503_within_two_seconds_and_no_end(
    config: ApiConfig, how: str
) -> None:
    async with database_proxy(config.database_url) as (proxy, url):
        async with serve(replace(config, database_url=url)) as api:
            await eventually(api, "/ready", 200)
            await hurt(proxy, how)
            for path in (HISTORY, "/ready"):
                status, seconds = await timed(api, path)
                assert (status, seconds < 2.0) == (503, True)
            assert (await timed(api, "/health"))[0] == 200
            assert (await timed(api, PRICES))[0] == 200
            await heal(proxy, how)
            await eventually(api, HISTORY, 200)
            await eventually(api, "/ready", 200)
        proxy.thaw()


@pytest.mark.parametrize("how", ["cut", "freeze"])
async def test_a_lost_redis_leaves_prices_and_history(config: ApiConfig, how: str) -> None:
    async with redis_proxy(config.redis_url) as (proxy, url):
        async with serve(replace(config, redis_url=url)) as api:
            await eventually(api, "/ready", 200)
            await hurt(proxy, how)
            status, seconds = await timed(api, "/ready")
            assert (status, seconds < 2.0) == (503, True)
            for path in (HISTORY, PRICES):
                assert (await timed(api, path))[0] == 200
            await heal(proxy, how)
            await eventually(api, "/ready", 200)
        proxy.thaw()


async def test_it_starts_before_what_it_needs(config: ApiConfig) -> None:
    async with (
        database_proxy(config.database_url) as (database, database_url),
        redis_proxy(config.redis_url) as (cache, redis_url),
    ):
        await database.cut()
        await cache.cut()
        changed = replace(config, database_url=database_url, redis_url=redis_url)
        async with serve(changed) as api:
            for path in ("/ready", HISTORY, PRICES):
                status, seconds = await timed(api, path)
                assert (status, seconds < 2.0) == (503, True)
            await database.mend()
            await cache.mend()
            await eventually(api, "/ready", 200)
            await api.following()
            assert (await timed(api, PRICES))[0] == 200
