"""Refresh tokens: spent once, and by all who present one at once a single successor is made."""

import asyncio
from datetime import timedelta

from storage.identity import refresh_tokens, sessions
from storage.identity.refresh_tokens import RefreshToken
from storage.pools import Connection, WritePool
from tests.storage.identity.making import NOW, new_session, new_user

GRACE = timedelta(seconds=10)


async def test_a_token_is_spent_once(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    session = await new_session(open_connection, user.id)
    await refresh_tokens.add(open_connection, b"token", session_id=session.id, now=NOW)
    fresh = RefreshToken(b"token", session.id, NOW, None, None)
    assert await refresh_tokens.get(open_connection, b"token") == fresh
    assert await refresh_tokens.spend(open_connection, b"token", key_id="k1", now=NOW + GRACE)
    assert not await refresh_tokens.spend(open_connection, b"token", key_id="k2", now=NOW)
    spent = RefreshToken(b"token", session.id, NOW, NOW + GRACE, "k1")
    assert await refresh_tokens.get(open_connection, b"token") == spent
    assert not await refresh_tokens.spend(open_connection, b"unknown", key_id="k1", now=NOW)


async def test_twenty_who_present_a_token_at_once_have_one_successor(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        user = await new_user(connection)
        session = await new_session(connection, user.id)
        await refresh_tokens.add(connection, b"token", session_id=session.id, now=NOW)

    async def rotate() -> str:
        async with writes.transaction() as connection:
            assert await sessions.lock_of_token(connection, b"token") == session
            token = await refresh_tokens.get(connection, b"token")
            assert token is not None
            if token.used_at is None:
                await refresh_tokens.spend(connection, b"token", key_id="k1", now=NOW)
                await refresh_tokens.add(connection, b"next", session_id=session.id, now=NOW)
                return "made"
            successor = await refresh_tokens.get(connection, b"next")
            assert successor is not None
            assert successor.used_at is None
            return "again"

    answers = await asyncio.gather(*(rotate() for _ in range(20)))
    assert sorted(answers) == ["again"] * 19 + ["made"]
