"""Access tokens that were presented: verified once, believed until they end or are revoked."""

import pytest

from api.access.errors import UnauthenticatedError
from api.access.signing import rotate_key
from api.access.tokens import PresentedTokens
from api.services import ServiceSet
from tests.api.access.people import (
    Person,
    access_token,
    end_session,
    forged_key,
    pre_2fa_token,
    unsigned,
)
from tests.api.harness import Hands


async def test_a_good_token_is_its_session(services: ServiceSet, person: Person) -> None:
    token = access_token(services, person)
    found = await services.tokens.principal(token, "bearer")
    assert (found.user_id, found.session_id, found.by) == (
        person.user.id,
        person.session_id,
        "bearer",
    )
    assert await services.tokens.principal(token, "bearer") is found
    assert (await services.tokens.principal(token, "cookie")).by == "cookie"


async def test_a_token_that_is_remembered_still_expires(
    services: ServiceSet, person: Person, clock: Hands
) -> None:
    token = access_token(services, person)
    await services.tokens.principal(token, "bearer")
    clock.now_us += 900_000_000 - 1
    await services.tokens.principal(token, "bearer")
    clock.now_us += 1
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            await services.tokens.principal(token, "bearer")


async def test_a_token_that_is_remembered_is_still_revoked(
    services: ServiceSet, person: Person
) -> None:
    token = access_token(services, person)
    await services.tokens.principal(token, "bearer")
    await end_session(services, person.session_id)
    for _ in range(2):
        with pytest.raises(UnauthenticatedError, match="revoked"):
            await services.tokens.principal(token, "bearer")


async def test_no_more_tokens_than_so_many_are_remembered(
    services: ServiceSet, person: Person
) -> None:
    config = services.config
    tokens = PresentedTokens(
        services.keys, services.revocations, config.identity, config.clock, most=1
    )
    first, second = access_token(services, person), access_token(services, person)
    found = await tokens.principal(first, "bearer")
    await tokens.principal(second, "bearer")
    again = await tokens.principal(first, "bearer")
    assert again == found
    assert again is not found


async def test_a_token_of_a_key_that_is_new_is_good(services: ServiceSet, person: Person) -> None:
    config = services.config
    elsewhere = ServiceSet.of(config)
    clock = config.clock
    assert isinstance(clock, Hands)
    await rotate_key(services.writes, config.identity.ring, clock)
    clock.now_us += 20_000_000
    await elsewhere.keys.load()
    token = access_token(elsewhere, person)
    services.keys._looked_s = float("-inf")
    assert (await services.tokens.principal(token, "bearer")).user_id == person.user.id
    await elsewhere.close()


async def test_a_token_that_is_not_good_is_nobodys(services: ServiceSet, person: Person) -> None:
    good = access_token(services, person)
    bad = [
        "",
        "garbage",
        "a.b.c",
        good[:-4],
        unsigned(good),
        access_token(services, person, key=forged_key(services)),
        access_token(services, person, audience="elsewhere"),
        pre_2fa_token(services, person),
        person.refresh_token,
    ]
    for token in bad:
        with pytest.raises(UnauthenticatedError):
            await services.tokens.principal(token, "bearer")


async def test_the_token_before_the_second_factor_is_of_a_pending_session(
    services: ServiceSet, person: Person
) -> None:
    found = await services.tokens.pre_2fa(pre_2fa_token(services, person))
    assert (found.session_id, found.scopes) == (person.pending_id, frozenset())
    with pytest.raises(UnauthenticatedError):
        await services.tokens.pre_2fa(access_token(services, person))
    await end_session(services, person.pending_id)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await services.tokens.pre_2fa(pre_2fa_token(services, person))
