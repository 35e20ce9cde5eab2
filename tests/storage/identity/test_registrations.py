"""Registrations: an account is made of the one whose mail was answered, once."""

import asyncio
from uuid import uuid4

from storage.identity import registrations, users
from storage.identity.registrations import Redeemed
from storage.pools import Connection, WritePool
from tests.storage.identity.making import DAY, NOW, new_user


async def register(
    connection: Connection,
    token: bytes,
    password_hash: str = "hash",
    email: str = "ada@example.org",
) -> None:
    await registrations.add(
        connection,
        token,
        email=email,
        password_hash=password_hash,
        name="Ada",
        now=NOW,
        expires_at=NOW + DAY,
    )


async def redeem(connection: Connection, token: bytes) -> Redeemed | None:
    return await registrations.redeem(connection, token, user_id=uuid4(), now=NOW)


async def test_the_account_has_the_password_of_the_registration_that_was_answered(
    open_connection: Connection,
) -> None:
    await register(open_connection, b"theirs", "theirs")
    await register(open_connection, b"ours", "ours")
    await register(open_connection, b"another", email="eve@example.org")
    redeemed = await redeem(open_connection, b"ours")
    assert redeemed is not None
    assert redeemed.user is not None
    assert redeemed.user == await users.by_email(open_connection, "ada@example.org")
    assert (redeemed.user.password_hash, redeemed.user.name) == ("ours", "Ada")
    assert redeemed.user.email_verified
    assert await redeem(open_connection, b"theirs") is None
    assert await redeem(open_connection, b"another") is not None


async def test_it_is_redeemed_once_and_not_when_it_has_expired(open_connection: Connection) -> None:
    assert await redeem(open_connection, b"unknown") is None
    await register(open_connection, b"one")
    late = NOW + DAY
    assert await registrations.redeem(open_connection, b"one", user_id=uuid4(), now=late) is None
    assert await redeem(open_connection, b"one") is not None
    assert await redeem(open_connection, b"one") is None


async def test_an_address_that_has_an_account_by_now_is_said(open_connection: Connection) -> None:
    await register(open_connection, b"one")
    await new_user(open_connection)
    assert await redeem(open_connection, b"one") == Redeemed("ada@example.org", None)


async def test_of_a_token_that_is_sent_twenty_times_at_once_one_makes_the_account(
    writes: WritePool,
) -> None:
    async with writes.transaction() as connection:
        await register(connection, b"one")

    async def attempt() -> Redeemed | None:
        async with writes.transaction() as connection:
            return await redeem(connection, b"one")

    found = await asyncio.gather(*(attempt() for _ in range(20)))
    assert len([each for each in found if each is not None]) == 1


async def test_of_many_registrations_of_an_address_answered_at_once_one_wins(
    writes: WritePool,
) -> None:
    async with writes.transaction() as connection:
        for number in range(16):
            await register(connection, bytes([number]))

    async def attempt(number: int) -> Redeemed | None:
        async with writes.transaction() as connection:
            return await redeem(connection, bytes([number]))

    found = await asyncio.gather(*(attempt(number) for number in range(16)))
    assert len([each for each in found if each is not None and each.user is not None]) == 1
    async with writes.transaction() as connection:
        left = await connection.execute("SELECT count(*) FROM auth.registrations")
        assert await left.fetchone() == (0,)
