"""Sessions: begun, used, ended, and every end told."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address
from uuid import uuid4

from storage.identity import refresh_tokens, sessions
from storage.pools import Connection, WritePool
from tests.storage.identity.making import DAY, MINUTE, NOW, new_session, new_user, told


async def test_what_was_added_is_there(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    session = await new_session(open_connection, user.id, ip_address=IPv4Address("203.0.113.7"))
    assert await sessions.get(open_connection, session.id) == session
    assert await sessions.get(open_connection, uuid4()) is None
    assert session.is_live(NOW)
    assert not session.is_live(session.expires_at)


async def test_the_live_ones_of_a_user_are_listed_the_last_used_first(
    open_connection: Connection,
) -> None:
    user, other = await new_user(open_connection), await new_user(open_connection, "e@example.org")
    first = await new_session(open_connection, user.id)
    second = await new_session(open_connection, user.id)
    await new_session(open_connection, user.id, pending=True)
    await new_session(open_connection, user.id, expires_at=NOW)
    await new_session(open_connection, other.id)
    ended = await new_session(open_connection, user.id)
    await sessions.revoke(open_connection, ended.id, reason="logout", now=NOW)
    await sessions.touch(
        open_connection,
        second.id,
        ip_address="2001:db8::1",
        device_info={"name": "Firefox"},
        now=NOW + MINUTE,
    )
    found = await sessions.live_of(open_connection, user.id, now=NOW + MINUTE)
    assert [each.id for each in found] == [second.id, first.id]
    assert str(found[0].ip_address) == "2001:db8::1"
    assert (found[0].device_info, found[0].last_used_at) == ({"name": "Firefox"}, NOW + MINUTE)


async def test_a_step_up_is_noted_and_a_second_factor_stays(open_connection: Connection) -> None:
    user = await new_user(open_connection)
    session = await new_session(open_connection, user.id, second_factor=True)
    assert await sessions.authenticate(
        open_connection, session.id, second_factor=False, now=NOW + MINUTE
    )
    found = await sessions.get(open_connection, session.id)
    assert found == replace(session, authenticated_at=NOW + MINUTE)
    pending = await new_session(open_connection, user.id, pending=True)
    assert not await sessions.authenticate(open_connection, pending.id, second_factor=True, now=NOW)


class TestSpendPending:
    async def test_only_one_that_waits_is_spent(self, open_connection: Connection) -> None:
        user = await new_user(open_connection)
        whole = await new_session(open_connection, user.id)
        pending = await new_session(open_connection, user.id, pending=True)
        late = await new_session(open_connection, user.id, pending=True, expires_at=NOW)
        spent = [
            await sessions.spend_pending(open_connection, each.id, now=NOW)
            for each in (whole, pending, pending, late)
        ]
        assert [each is not None for each in spent] == [False, True, False, False]

    async def test_twenty_at_once_spend_it_once(self, writes: WritePool) -> None:
        async with writes.transaction() as connection:
            user = await new_user(connection)
            pending = await new_session(connection, user.id, pending=True)

        async def spend() -> bool:
            async with writes.transaction() as connection:
                return await sessions.spend_pending(connection, pending.id, now=NOW) is not None

        assert sum(await asyncio.gather(*(spend() for _ in range(20)))) == 1


class TestRevoke:
    async def test_it_ends_and_is_told_once(self, open_connection: Connection) -> None:
        user = await new_user(open_connection)
        session = await new_session(open_connection, user.id)
        ended = await sessions.revoke(open_connection, session.id, reason="logout", now=NOW)
        assert ended == replace(session, revoked_at=NOW, revoked_reason="logout")
        assert await sessions.get(open_connection, session.id) == ended
        assert await sessions.revoke(open_connection, session.id, reason="x", now=NOW) is None
        assert await told(open_connection) == [("session", session.id, "logout")]

    async def test_anothers_is_as_one_that_is_not_there(self, open_connection: Connection) -> None:
        user = await new_user(open_connection)
        session = await new_session(open_connection, user.id)
        assert not await sessions.revoke(
            open_connection, session.id, user_id=uuid4(), reason="x", now=NOW
        )
        assert await told(open_connection) == []
        assert await sessions.revoke(
            open_connection, session.id, user_id=user.id, reason="x", now=NOW
        )

    async def test_all_but_one_end(self, open_connection: Connection) -> None:
        user, other = await new_user(open_connection), await new_user(open_connection, "e@e.org")
        kept, whole = [await new_session(open_connection, user.id) for _ in range(2)]
        pending = await new_session(open_connection, user.id, pending=True)
        theirs = await new_session(open_connection, other.id)
        ended = await sessions.revoke_all(
            open_connection, user.id, reason="password", now=NOW, but=kept.id
        )
        assert set(ended) == {whole.id, pending.id}
        assert {subject for _, subject, _ in await told(open_connection)} == set(ended)
        assert await sessions.revoke_all(open_connection, user.id, reason="locked", now=NOW) == [
            kept.id
        ]
        assert await sessions.get(open_connection, theirs.id) == theirs


async def test_the_session_of_a_token_is_locked(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        user = await new_user(connection)
        session = await new_session(connection, user.id, expires_at=NOW + DAY)
        await refresh_tokens.add(connection, b"token", session_id=session.id, now=NOW)
        assert await sessions.lock_of_token(connection, b"unknown") is None

    async def lock() -> None:
        async with writes.transaction() as other:
            assert await sessions.lock_of_token(other, b"token") == session

    async with writes.transaction() as connection:
        assert await sessions.lock_of_token(connection, b"token") == session
        waiting = asyncio.ensure_future(lock())
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
    await waiting
