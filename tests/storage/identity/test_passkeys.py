"""Passkeys: several an account, each credential registered once, its counter never going back."""

from dataclasses import replace
from uuid import UUID, uuid4

from storage.identity import passkeys
from storage.identity.passkeys import Passkey
from storage.pools import Connection
from tests.storage.identity.making import DAY, MINUTE, NOW, new_user


def a_passkey(user_id: UUID, credential: bytes = b"credential") -> Passkey:
    transports = ["internal", "hybrid"]
    return Passkey(
        uuid4(), user_id, "laptop", credential, b"key", 5, "aaguid", transports, False, NOW
    )


async def test_those_of_an_account_are_listed_the_oldest_first(
    open_connection: Connection,
) -> None:
    user = await new_user(open_connection)
    first = a_passkey(user.id, b"1")
    second = replace(a_passkey(user.id, b"2"), created_at=NOW + DAY)
    for each in (second, first):
        assert await passkeys.add(open_connection, each)
    assert await passkeys.of_user(open_connection, user.id) == [first, second]
    assert await passkeys.by_credential(open_connection, b"2") == second
    assert await passkeys.by_credential(open_connection, b"3") is None


async def test_a_credential_is_registered_once(open_connection: Connection) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    assert await passkeys.add(open_connection, a_passkey(user.id))
    assert not await passkeys.add(open_connection, a_passkey(other.id))
    assert await passkeys.of_user(open_connection, other.id) == []


async def test_a_counter_that_does_not_grow_is_refused(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    passkey = a_passkey(user.id)
    await passkeys.add(open_connection, passkey)
    later = NOW + MINUTE
    used = [
        await passkeys.used(
            open_connection, passkey.id, sign_count=count, backed_up=True, now=later
        )
        for count in (5, 0, 6, 6)
    ]
    assert used == [False, False, True, False]
    noted = replace(passkey, sign_count=6, backed_up=True, last_used_at=later)
    assert await passkeys.by_credential(open_connection, b"credential") == noted


async def test_one_that_keeps_no_counter_is_used_again_and_again(
    open_connection: Connection,
) -> None:
    user = await new_user(open_connection)
    passkey = replace(a_passkey(user.id), sign_count=0)
    await passkeys.add(open_connection, passkey)
    for _ in range(2):
        assert await passkeys.used(
            open_connection, passkey.id, sign_count=0, backed_up=False, now=NOW
        )


async def test_it_is_renamed_and_removed_by_its_owner_alone(open_connection: Connection) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
    passkey = a_passkey(user.id)
    await passkeys.add(open_connection, passkey)
    assert await passkeys.rename(open_connection, other.id, passkey.id, name="mine") is None
    assert await passkeys.remove(open_connection, other.id, passkey.id) is None
    renamed = replace(passkey, name="phone")
    assert await passkeys.rename(open_connection, user.id, passkey.id, name="phone") == renamed
    assert await passkeys.remove(open_connection, user.id, passkey.id) == renamed
    assert await passkeys.remove(open_connection, user.id, passkey.id) is None
