"""API keys that were presented: found once, good until they end or are revoked."""

import pytest

from api.access.errors import UnauthenticatedError
from api.services import ServiceSet
from identity.opaque import API_KEY, new_token
from identity.scopes import KEY_SCOPES
from market.clock import datetime_of
from storage.identity import api_keys
from tests.api.access.people import Person, lock, make_person
from tests.api.harness import Hands


async def test_a_key_is_its_owner_with_its_scopes_alone(services: ServiceSet) -> None:
    person = await make_person(services, scopes=frozenset({"market:read", "account:write"}))
    found = await services.api_keys.principal(person.key)
    assert (found.user_id, found.session_id, found.api_key_id, found.by) == (
        person.user.id,
        None,
        person.key_id,
        "api_key",
    )
    assert found.scopes == {"market:read"}
    assert "account:write" not in KEY_SCOPES
    assert await services.api_keys.principal(person.key) is found


async def test_its_use_is_noted(services: ServiceSet, person: Person) -> None:
    await services.api_keys.principal(person.key)
    await services.api_keys.close()
    (row,) = await services.database.read(api_keys.of_user, person.user.id)
    assert row.last_used_at == datetime_of(services.config.clock())


@pytest.mark.parametrize(
    "key", ["", "twk_", "twk_short", pytest.param(new_token(API_KEY), id="unknown")]
)
async def test_what_is_no_key_of_ours_is_nobodys(services: ServiceSet, key: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await services.api_keys.principal(key)


async def test_a_key_that_is_remembered_is_still_revoked(
    services: ServiceSet, person: Person
) -> None:
    await services.api_keys.principal(person.key)
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        await api_keys.revoke(connection, person.user.id, person.key_id, reason="test", now=now)
    await services.revocations.poll()
    with pytest.raises(UnauthenticatedError):
        await services.api_keys.principal(person.key)


async def test_a_locked_owner_has_no_key(services: ServiceSet, person: Person) -> None:
    await services.api_keys.principal(person.key)
    await lock(services, person.user.id)
    with pytest.raises(UnauthenticatedError):
        await services.api_keys.principal(person.key)


async def test_a_key_that_is_remembered_still_expires(
    services: ServiceSet, person: Person, clock: Hands
) -> None:
    await services.api_keys.principal(person.key)
    clock.now_us += 365 * 86_400 * 1_000_000
    with pytest.raises(UnauthenticatedError, match="expired"):
        await services.api_keys.principal(person.key)
