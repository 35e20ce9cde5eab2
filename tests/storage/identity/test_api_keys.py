"""Keys of programs: good until they expire or are revoked, while their account is active."""

from dataclasses import replace
from uuid import UUID, uuid4

from storage.identity import api_keys, users
from storage.identity.api_keys import ApiKey, KeyHolder
from storage.pools import Connection
from tests.storage.identity.making import DAY, MINUTE, NOW, new_user, told


async def new_key(connection: Connection, user_id: UUID, token: bytes = b"token") -> ApiKey:
    key = ApiKey(uuid4(), user_id, "research", token, ["market:read"], NOW, NOW + DAY)
    await api_keys.add(connection, key)
    return key


async def test_a_good_key_names_its_holder(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    key = await new_key(open_connection, user.id)
    held = KeyHolder(key.id, user.id, user.email, "user", ["market:read"], NOW + DAY)
    assert await api_keys.holder(open_connection, b"token", now=NOW) == held
    assert await api_keys.holder(open_connection, b"other", now=NOW) is None
    assert await api_keys.holder(open_connection, b"token", now=NOW + DAY) is None


async def test_none_is_good_of_an_account_that_is_locked(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    await new_key(open_connection, user.id)
    await users.lock(open_connection, user.id, reason="x", now=NOW)
    assert await api_keys.holder(open_connection, b"token", now=NOW) is None
    await users.unlock(open_connection, user.id, now=NOW)
    await users.delete(open_connection, user.id, now=NOW)
    assert await api_keys.holder(open_connection, b"token", now=NOW) is None


async def test_its_use_is_noted_once_a_minute(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    key = await new_key(open_connection, user.id)
    for after, noted in ((0.0, 0.0), (0.5, 0.0), (1.5, 1.5)):
        await api_keys.touch(open_connection, key.id, now=NOW + after * MINUTE)
        expected = replace(key, last_used_at=NOW + noted * MINUTE)
        assert await api_keys.of_user(open_connection, user.id) == [expected]


async def test_one_is_revoked_and_told_by_its_owner_alone(open_connection: Connection) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    key = await new_key(open_connection, user.id)

    async def revoke(user_id: UUID) -> ApiKey | None:
        return await api_keys.revoke(open_connection, user_id, key.id, reason="asked", now=NOW)

    assert await revoke(other.id) is None
    assert await told(open_connection) == []
    assert await revoke(user.id) == replace(key, revoked_at=NOW)
    assert await revoke(user.id) is None
    assert await told(open_connection) == [("api_key", key.id, "asked")]
    assert await api_keys.holder(open_connection, b"token", now=NOW) is None
    assert await api_keys.of_user(open_connection, user.id) == []


async def test_all_of_an_account_are_revoked(open_connection: Connection) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    keys = {(await new_key(open_connection, user.id, token)).id for token in (b"1", b"2")}
    theirs = await new_key(open_connection, other.id, b"3")
    revoked = await api_keys.revoke_all(open_connection, user.id, reason="locked", now=NOW)
    assert set(revoked) == keys
    assert {subject for _, subject, _ in await told(open_connection)} == keys
    assert await api_keys.of_user(open_connection, other.id) == [theirs]
