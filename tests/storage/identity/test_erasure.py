"""Erasure: nothing personal is left of an account that was deleted long enough ago."""

from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address
from uuid import UUID, uuid4

import pytest

from storage.identity import (
    api_keys,
    audit,
    challenges,
    devices,
    mail_tokens,
    passkeys,
    refresh_tokens,
    two_factor,
    users,
)
from storage.identity.audit import AuditQuery
from storage.identity.challenges import Challenge
from storage.identity.erasure import ACTION, ERASED_AFTER, OWNED, erase
from storage.identity.users import Status
from storage.pools import Connection
from tests.storage.identity.making import DAY, MINUTE, NOW, new_session, new_user
from tests.storage.identity.test_api_keys import new_key
from tests.storage.identity.test_mail_tokens import TOKEN
from tests.storage.identity.test_passkeys import a_passkey

CANARIES = ("ada@example.org", "Lady Ada", "203.0.113.7", "canary")


async def furnish(connection: Connection, user_id: UUID) -> None:
    """Give an account some of everything."""
    device = devices.Device(uuid4(), user_id, b"canary", "canary", NOW, NOW)
    await devices.add(connection, device)
    session = await new_session(
        connection, user_id, device_id=device.id, ip_address=IPv4Address("203.0.113.7")
    )
    await refresh_tokens.add(connection, b"canary", session_id=session.id, now=NOW)
    await challenges.add(
        connection, Challenge(uuid4(), "x", user_id, session.id, b"canary", NOW + MINUTE)
    )
    await two_factor.begin(connection, user_id, secret=b"canary", salt=b"canary", now=NOW)
    await two_factor.replace_codes(connection, user_id, salt=b"canary", hashes=[b"canary"])
    await passkeys.add(connection, replace(a_passkey(user_id), name="canary"))
    await new_key(connection, user_id, b"canary")
    await mail_tokens.add(connection, replace(TOKEN, user_id=user_id))
    await users.set_phone(connection, user_id, sealed=b"canary", digest=b"canary", now=NOW)
    await act(connection, user_id)


async def act(connection: Connection, user_id: UUID) -> None:
    await audit.add(
        connection,
        action="login",
        actor_id=user_id,
        user_id=user_id,
        ip_address="203.0.113.7",
        user_agent="canary",
        request_id="r1",
        now=NOW,
    )


async def everything(connection: Connection) -> str:
    """All rows of schema `auth` as one text; bytes are shown as such."""
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'auth'"
    rows = []
    for (name,) in await (await connection.execute(names)).fetchall():
        rows += await (await connection.execute(f"SELECT * FROM auth.{name}")).fetchall()
    return repr(rows)


async def deleted(connection: Connection, email: str, at: datetime) -> UUID:
    user = await new_user(connection, email)
    assert await users.delete(connection, user.id, now=at)
    return user.id


async def test_nothing_personal_is_left_and_the_row_is(open_connection: Connection) -> None:
    user = await new_user(open_connection, name="Lady Ada")
    await furnish(open_connection, user.id)
    other = await new_user(open_connection, "eve@example.org")
    key = await new_key(open_connection, other.id, b"theirs")
    await users.lock(open_connection, user.id, reason="canary", now=NOW)
    await users.delete(open_connection, user.id, now=NOW)
    before = await everything(open_connection)
    assert [canary for canary in CANARIES if canary in before] == list(CANARIES)
    late = NOW + ERASED_AFTER
    assert await erase(open_connection, now=late) == user.id
    after = await everything(open_connection)
    assert [canary for canary in CANARIES if canary in after] == []
    left = await users.get(open_connection, user.id)
    assert left is not None
    assert (left.status, left.email, left.erased_at) == (Status.ERASED, f"erased-{user.id}", late)
    assert await users.get(open_connection, other.id) == other
    assert await api_keys.of_user(open_connection, other.id) == [key]


async def test_the_audit_stays_and_says_so(
    open_connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.identity.erasure.MOST_ROWS", 1)
    user_id = await deleted(open_connection, "ada@example.org", NOW)
    for _ in range(2):
        await act(open_connection, user_id)
    assert await erase(open_connection, now=NOW + ERASED_AFTER) == user_id
    found = await audit.find(open_connection, AuditQuery(user_id=user_id), limit=9)
    assert [(each.action, each.ip_address, each.user_agent) for each in found] == [
        (ACTION, None, None),
        ("login", None, None),
        ("login", None, None),
    ]


async def test_it_waits_for_thirty_days_and_happens_once(open_connection: Connection) -> None:
    await new_user(open_connection, "eve@example.org")
    second = await deleted(open_connection, "ada@example.org", NOW + DAY)
    first = await deleted(open_connection, "ada@example.org", NOW)
    assert await erase(open_connection, now=NOW + 29 * DAY) is None
    late = NOW + 32 * DAY
    erased = [await erase(open_connection, now=late) for _ in range(3)]
    assert erased == [first, second, None]


async def test_every_table_that_says_whose_a_row_is_is_thought_of(
    open_connection: Connection,
) -> None:
    cursor = await open_connection.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'auth' AND column_name = 'user_id'"
    )
    found = {name for (name,) in await cursor.fetchall()}
    assert found - set(OWNED) == {"audit", "backup_codes"}


async def test_no_removal_looks_through_a_whole_table(open_connection: Connection) -> None:
    """Every foreign key has an index: a row that goes is looked for in what refers to it."""
    cursor = await open_connection.execute(
        "SELECT conrelid::regclass::text, a.attname FROM pg_constraint AS c"
        " JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = conkey[1]"
        " WHERE contype = 'f' AND connamespace = 'auth'::regnamespace AND NOT EXISTS ("
        " SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])"
    )
    assert await cursor.fetchall() == []
