"""Links in letters: followed once, in time, for what they were sent for."""

import asyncio
from dataclasses import replace

from storage.identity import mail_tokens
from storage.identity.mail_tokens import EMAIL, LOCK, RESET, MailToken
from storage.pools import Connection, WritePool
from tests.storage.identity.making import MINUTE, NOW

TOKEN = MailToken(b"token", RESET, "ada@example.org", None, NOW, NOW + MINUTE)


async def test_a_link_is_followed_once(open_connection: Connection) -> None:
    await mail_tokens.add(open_connection, TOKEN)
    spend = mail_tokens.spend
    assert await spend(open_connection, b"other", purpose=RESET, now=NOW) is None
    assert await spend(open_connection, b"token", purpose=LOCK, now=NOW) is None
    assert await spend(open_connection, b"token", purpose=RESET, now=NOW + MINUTE) is None
    followed = replace(TOKEN, used_at=NOW)
    assert await spend(open_connection, b"token", purpose=RESET, now=NOW) == followed
    assert await spend(open_connection, b"token", purpose=RESET, now=NOW) is None


async def test_twenty_at_once_follow_it_once(writes: WritePool) -> None:
    async with writes.transaction() as connection:
        await mail_tokens.add(connection, TOKEN)

    async def attempt() -> bool:
        async with writes.transaction() as connection:
            return await mail_tokens.spend(connection, b"token", purpose=RESET, now=NOW) is not None

    assert sum(await asyncio.gather(*(attempt() for _ in range(20)))) == 1


async def test_the_others_of_an_address_and_purpose_are_void(open_connection: Connection) -> None:
    for token in (
        TOKEN,
        replace(TOKEN, token_hash=b"second"),
        replace(TOKEN, token_hash=b"lock", purpose=LOCK),
        replace(TOKEN, token_hash=b"email", purpose=EMAIL),
        replace(TOKEN, token_hash=b"eve", email="eve@example.org"),
    ):
        await mail_tokens.add(open_connection, token)
    voided = await mail_tokens.void(open_connection, email=TOKEN.email, purpose=RESET, now=NOW)
    assert voided == 2
    assert await mail_tokens.spend(open_connection, b"token", purpose=RESET, now=NOW) is None
    assert await mail_tokens.spend(open_connection, b"lock", purpose=LOCK, now=NOW)
    assert await mail_tokens.spend(open_connection, b"eve", purpose=RESET, now=NOW)
