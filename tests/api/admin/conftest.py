"""Accounts over an empty database, with passwords that cost next to nothing."""

import pytest

from api.config import ApiConfig, IdentityConfig
from market.sources import Feed
from tests.api.harness import Hands


@pytest.fixture
def identity() -> IdentityConfig:
    return IdentityConfig.for_tests(rates=False)


@pytest.fixture
def config(
    database_url: str, redis_url: str, feed: Feed, clock: Hands, identity: IdentityConfig
) -> ApiConfig:
    return ApiConfig(database_url, redis_url, feed, clock=clock, identity=identity)
