"""Accounts over an empty database, with passwords that cost next to nothing."""

from collections.abc import AsyncIterator

import pytest

from api.config import ApiConfig, IdentityConfig
from market.sources import Feed
from tests.api.harness import Api, Hands, serve


@pytest.fixture
def identity() -> IdentityConfig:
    return IdentityConfig.for_tests(rates=False)


@pytest.fixture
def config(
    database_url: str, redis_url: str, feed: Feed, clock: Hands, identity: IdentityConfig
) -> ApiConfig:
    return ApiConfig(database_url, redis_url, feed, clock=clock, identity=identity)


@pytest.fixture
async def api(config: ApiConfig) -> AsyncIterator[Api]:
    """The application, once it can sign tokens."""
    async with serve(config) as running:
        await running.app.state.services.keys.loaded.wait()
        yield running
