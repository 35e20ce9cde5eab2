"""The services that say who is asking, over a database, with no server around them."""

from collections.abc import AsyncIterator

import pytest

from api.access.signing import make_first_key
from api.config import ApiConfig, IdentityConfig
from api.services import ServiceSet
from market.sources import Feed
from tests.api.access.people import Person, make_person
from tests.api.harness import Hands


@pytest.fixture
async def services(database_url: str, redis_url: str, clock: Hands) -> AsyncIterator[ServiceSet]:
    config = ApiConfig(
        database_url,
        redis_url,
        Feed.SIMULATED,
        clock=clock,
        identity=IdentityConfig.for_tests(),
    )
    found = ServiceSet.of(config)
    await make_first_key(found.writes, config.identity.ring, clock)
    await found.keys.load()
    await found.revocations.poll()
    yield found
    await found.close()


@pytest.fixture
async def person(services: ServiceSet) -> Person:
    return await make_person(services)
