"""The served application of most tests, over an empty database and an empty Valkey."""

from collections.abc import AsyncIterator, Iterator

import pytest

from api.config import ApiConfig
from market.sources import Feed
from tests.api.harness import NO_REDIS, NOWHERE, Api, Hands, Wire, serve, us

NOW_US = us("2026-11-24T15:00:30Z")
"""A Tuesday on which every market is open."""


@pytest.fixture
def clock() -> Hands:
    return Hands(NOW_US)


@pytest.fixture
def feed() -> Feed:
    return Feed.SIMULATED


@pytest.fixture
def config(database_url: str, redis_url: str, feed: Feed, clock: Hands) -> ApiConfig:
    return ApiConfig(database_url, redis_url, feed, clock=clock)


@pytest.fixture
async def api(config: ApiConfig) -> AsyncIterator[Api]:
    async with serve(config) as running:
        await running.following()
        yield running


@pytest.fixture
async def alone(clock: Hands) -> AsyncIterator[Api]:
    """The application with neither database nor Redis: what it refuses, it refuses without them."""
    async with serve(ApiConfig(NOWHERE, NO_REDIS, Feed.SIMULATED, clock=clock)) as running:
        yield running


@pytest.fixture
def wire(redis_url: str, feed: Feed) -> Iterator[Wire]:
    publisher = Wire(redis_url, feed)
    yield publisher
    publisher.close()
