"""Pruning: what has expired goes, what has not stays."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from storage import outbox
from storage.identity import (
    challenges,
    devices,
    mail_tokens,
    refresh_tokens,
    registrations,
    revocations,
    signing_keys,
    users,
)
from storage.identity.challenges import Challenge
from storage.identity.pruning import Pruned, prune
from storage.identity.signing_keys import StoredSigningKey
from storage.pools import Connection, WritePool
from storage.rows import Values, changed
from tests.storage.identity.making import DAY, MINUTE, NOW, new_session, new_user
from tests.storage.identity.test_mail_tokens import TOKEN
from tests.storage.identity.test_registrations import register

EACH = {
    "auth.registrations": 1,
    "auth.challenges": 1,
    "auth.mail_tokens": 1,
    "auth.sessions": 1,
    "auth.revocations": 1,
    "auth.signing_keys": 1,
    "auth.devices": 1,
    "delivery.outbox": 3,
}


async def furnish(connection: Connection) -> None:
    """One of everything that expires, and things that never do."""
    user = await new_user(connection)
    await register(connection, b"token", email="eve@example.org")
    await challenges.add(connection, Challenge(uuid4(), "x", None, None, b"x", NOW + MINUTE))
    await mail_tokens.add(connection, TOKEN)
    session = await new_session(connection, user.id, expires_at=NOW + DAY)
    await refresh_tokens.add(connection, b"token", session_id=session.id, now=NOW)
    await revocations.add(connection, kind="user", subject=user.id, reason="x", now=NOW)
    key = StoredSigningKey("old", b"sealed", {}, NOW, retired_at=NOW)
    await signing_keys.add(connection, key)
    await signing_keys.add(connection, replace(key, kid="new", retired_at=None))
    await devices.add(connection, devices.Device(uuid4(), user.id, b"token", None, NOW, NOW))
    for _ in range(3):
        await outbox.enqueue(
            connection,
            uuid4(),
            address=user.email,
            condition="always",
            template="x",
            context=b"sealed",
            now=NOW,
        )
    sent, dead = (await outbox.claim(connection, most=2, lease_s=60, now=NOW)).messages
    await outbox.finish(connection, sent.id, attempt=1, now=NOW)
    await outbox.bury(connection, dead.id, attempt=1, error="550", now=NOW)


async def test_nothing_goes_before_its_time(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        await furnish(connection)
    assert await prune(writes, now=NOW) == Pruned({}, [])
    soon = {"auth.registrations": 1, "auth.challenges": 1}
    assert await prune(writes, now=NOW + DAY + MINUTE / 2) == Pruned(
        {**soon, "auth.revocations": 1, "auth.signing_keys": 1, "delivery.outbox": 1}, []
    )


async def test_everything_goes_in_time_but_what_lasts(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        await furnish(connection)
    assert await prune(writes, now=NOW + 401 * DAY) == Pruned(EACH, [])
    assert await prune(writes, now=NOW + 401 * DAY) == Pruned({}, [])
    async with writes.transaction() as connection:
        assert await users.by_email(connection, "ada@example.org")
        assert await refresh_tokens.get(connection, b"token") is None
        known = await signing_keys.known(connection, retired_since=NOW - DAY)
        assert [key.kid for key in known] == ["new"]
        assert await outbox.counts(connection) == {}


async def test_a_transaction_takes_a_bounded_number_and_the_rest_follows(
    writes: WritePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    async with writes.transaction() as connection:
        user = await new_user(connection)
        for _ in range(45):
            await new_session(connection, user.id)

    async def noting(connection: Connection, statement: str, values: Values) -> int:
        gone = await changed(connection, statement, values)
        taken.extend([gone] if gone else [])
        return gone

    monkeypatch.setattr("storage.identity.pruning.changed", noting)
    assert (await prune(writes, now=NOW + 40 * DAY)).rows == {"auth.sessions": 45}
    assert taken == [20, 20, 5]


async def test_several_at_once_erase_each_account_once(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        made = [await new_user(connection, f"{number}@example.org") for number in range(6)]
        for user in made:
            await users.delete(connection, user.id, now=NOW)
    found = await asyncio.gather(*(prune(writes, now=NOW + 31 * DAY) for _ in range(3)))
    erased = [user_id for each in found for user_id in each.erased]
    assert sorted(erased) == sorted(user.id for user in made)


async def test_a_registration_can_be_answered_until_it_expires(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        await register(connection, b"token")
    await prune(writes, now=NOW + DAY)
    async with writes.transaction() as connection:
        assert await registrations.redeem(connection, b"token", user_id=uuid4(), now=NOW)
