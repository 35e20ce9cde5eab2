"""Challenges: spent by the first who answers, whatever the answer is worth."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from storage.identity import challenges
from storage.identity.challenges import Challenge
from storage.pools import Connection, WritePool
from tests.storage.identity.making import MINUTE, NOW, new_session, new_user


def a_challenge() -> Challenge:
    return Challenge(uuid4(), "login", None, None, b"challenge", NOW + MINUTE)


async def take(connection: Connection, challenge: Challenge) -> Challenge | None:
    return await challenges.take(
        connection, challenge.id, purpose="login", session_id=challenge.session_id, now=NOW
    )


async def test_one_is_taken_once(open_connection: Connection) -> None:
    challenge = a_challenge()
    await challenges.add(open_connection, challenge)
    assert await take(open_connection, a_challenge()) is None
    assert await take(open_connection, challenge) == challenge
    assert await take(open_connection, challenge) is None


async def test_twenty_at_once_take_it_once(writes: WritePool) -> None:
    challenge = a_challenge()
    async with writes.transaction() as connection:
        await challenges.add(connection, challenge)

    async def attempt() -> bool:
        async with writes.transaction() as connection:
            return await take(connection, challenge) is not None

    assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 1


async def test_one_for_another_purpose_is_as_none(open_connection: Connection) -> None:
    challenge = replace(a_challenge(), purpose="register")
    await challenges.add(open_connection, challenge)
    assert await take(open_connection, challenge) is None


async def test_anothers_and_one_that_expired_are_spent_all_the_same(
    open_connection: Connection,
) -> None:
    user = await new_user(open_connection)
    session = await new_session(open_connection, user.id)
    theirs = replace(a_challenge(), user_id=user.id, session_id=session.id)
    late = replace(a_challenge(), expires_at=NOW)
    for each in (theirs, late):
        await challenges.add(open_connection, each)
    assert await take(open_connection, replace(theirs, session_id=None)) is None
    assert await take(open_connection, theirs) is None
    assert await take(open_connection, late) is None
    cursor = await open_connection.execute("SELECT count(*) FROM auth.challenges")
    assert await cursor.fetchone() == (0,)
