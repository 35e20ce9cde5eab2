"""Signing keys: the newest first, and those that were retired a while longer."""

import asyncio
from dataclasses import replace
from datetime import datetime

from storage.identity import signing_keys
from storage.identity.signing_keys import StoredSigningKey
from storage.pools import Connection, WritePool
from tests.storage.identity.making import MINUTE, NOW


def key(kid: str, created_at: datetime = NOW) -> StoredSigningKey:
    return StoredSigningKey(kid, b"sealed", {"kty": "OKP", "kid": kid}, created_at)


async def test_a_retired_key_is_known_for_a_while(open_connection: Connection) -> None:
    old, new = key("old"), key("new", NOW + MINUTE)
    await signing_keys.add(open_connection, old)
    await signing_keys.add(open_connection, new)
    assert await signing_keys.known(open_connection, retired_since=NOW) == [new, old]
    late = NOW + 2 * MINUTE
    assert await signing_keys.retire_others(open_connection, "new", now=late) == ["old"]
    assert await signing_keys.retire_others(open_connection, "new", now=late) == []
    known = await signing_keys.known(open_connection, retired_since=late - MINUTE)
    assert known == [new, replace(old, retired_at=late)]
    assert await signing_keys.known(open_connection, retired_since=late) == [new]


async def test_of_many_who_find_none_at_once_one_makes_the_first(writes: WritePool) -> None:
    async def start(number: int) -> None:
        async with writes.transaction() as connection:
            await signing_keys.lock(connection)
            if not await signing_keys.known(connection, retired_since=NOW):
                await signing_keys.add(connection, key(f"k{number}"))

    await asyncio.gather(*(start(number) for number in range(8)))
    async with writes.transaction() as connection:
        assert len(await signing_keys.known(connection, retired_since=NOW)) == 1
