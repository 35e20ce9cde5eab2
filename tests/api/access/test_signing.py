"""The keys that sign: made once, known to all before they sign, good until their last token ends."""

import asyncio

import pytest

from api.access.signing import (
    SIGNS_AFTER_S,
    VERIFIES_FOR_S,
    SigningKeys,
    make_first_key,
    rotate_key,
)
from api.services import ServiceSet
from identity.keyring import KeyRing
from storage.errors import DatabaseUnavailableError
from storage.pools import ReadPool, WritePool
from tests.api.harness import NOWHERE, Hands


def another(services: ServiceSet) -> SigningKeys:
    """Another process."""
    config = services.config
    return SigningKeys(services.database, services.writes, config.identity.ring, config.clock)


async def rotate(services: ServiceSet) -> str:
    return await rotate_key(services.writes, services.config.identity.ring, services.config.clock)


async def test_processes_that_start_together_make_one_key(services: ServiceSet) -> None:
    ring, clock = services.config.identity.ring, services.config.clock
    await asyncio.gather(*(make_first_key(services.writes, ring, clock) for _ in range(4)))
    await services.keys.load()
    assert len(services.keys.public()) == 1


async def test_the_first_key_signs_at_once(services: ServiceSet) -> None:
    assert services.keys.signer().kid in services.keys.public()
    assert "d" not in services.keys.public()[services.keys.signer().kid]


async def test_a_new_key_signs_once_every_process_knows_it(
    services: ServiceSet, clock: Hands
) -> None:
    clock.now_us += 60_000_000
    old = services.keys.signer().kid
    new = await rotate(services)
    await services.keys.load()
    clock.now_us += SIGNS_AFTER_S * 1_000_000 - 1
    assert services.keys.signer().kid == old
    clock.now_us += 1
    assert services.keys.signer().kid == new
    assert services.keys.public().keys() == {old, new}


async def test_a_retired_key_verifies_while_its_tokens_live(
    services: ServiceSet, clock: Hands
) -> None:
    old = services.keys.signer().kid
    new = await rotate(services)
    clock.now_us += VERIFIES_FOR_S * 1_000_000 - 1
    await services.keys.load()
    assert services.keys.public().keys() == {old, new}
    clock.now_us += 1
    await services.keys.load()
    assert services.keys.public().keys() == {new}


async def test_an_unknown_key_is_looked_for_once_a_second(services: ServiceSet) -> None:
    seconds = iter([0.0, 0.5, 1.5, 1.5])
    config = services.config
    keys = SigningKeys(
        services.database,
        services.writes,
        config.identity.ring,
        config.clock,
        monotonic=lambda: next(seconds),
    )
    await keys.load()
    new = await rotate(services)
    assert new not in await keys.public_with(new)
    assert new in await keys.public_with(new)


async def test_under_a_new_ring_a_new_key_signs_and_the_old_one_verifies(
    services: ServiceSet, clock: Hands
) -> None:
    old, ring = services.keys.signer().kid, KeyRing.generate()
    await make_first_key(services.writes, ring, clock)
    keys = SigningKeys(services.database, services.writes, ring, clock)
    await keys.load()
    assert keys.signer().kid != old
    assert keys.public().keys() == {old, keys.signer().kid}


async def test_without_a_key_nothing_is_signed(services: ServiceSet) -> None:
    keys = another(services)
    with pytest.raises(DatabaseUnavailableError):
        keys.signer()


async def test_what_is_known_outlives_the_database(services: ServiceSet, clock: Hands) -> None:
    lost = SigningKeys(ReadPool(NOWHERE), WritePool(NOWHERE), services.config.identity.ring, clock)
    assert await lost.public_with("unknown") == {}
