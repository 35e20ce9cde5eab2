"""The letters of the last day as they were written, and what is left of those that are gone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.outbox.service import SHOWN_FOR, recent_messages
from delivery.letters import Letter, post
from identity.keyring import KeyRing
from storage import outbox
from storage.pools import ReadPool, WritePool

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LINK = "http://localhost:8000/reset#token=twm_a"


async def write(pool: WritePool, ring: KeyRing, now: datetime) -> UUID:
    async with pool.transaction() as connection:
        return await post(
            connection, ring, Letter.PASSWORD_RESET, "ann@example.com", {"link": LINK}, now=now
        )


async def test_letters_of_the_last_day_the_newest_first(database_url: str) -> None:
    writes, reads, ring = WritePool(database_url), ReadPool(database_url), KeyRing.generate()
    await write(writes, ring, NOW - SHOWN_FOR)
    first = await write(writes, ring, NOW - timedelta(hours=23))
    second = await write(writes, ring, NOW)
    found = await reads.read(recent_messages, ring, now=NOW)
    await writes.close()
    await reads.close()
    assert [message.id for message in found] == [second, first]
    assert found[0].subject == "Choose a new password"
    assert LINK in str(found[0].text)
    assert (found[0].address, found[0].state) == ("ann@example.com", "waiting")


async def test_of_what_was_delivered_or_can_not_be_opened_the_name_is_left(
    database_url: str,
) -> None:
    writes, reads, ring = WritePool(database_url), ReadPool(database_url), KeyRing.generate()
    await write(writes, KeyRing.generate(), NOW - timedelta(hours=1))
    id_ = await write(writes, ring, NOW)
    async with writes.transaction() as connection:
        claim = await outbox.claim(connection, most=9, lease_s=60, now=NOW)
        assert len(claim.messages) == 2
        await outbox.finish(connection, id_, attempt=1, keep=False, now=NOW)
    found = await reads.read(recent_messages, ring, now=NOW)
    await writes.close()
    await reads.close()
    assert [(message.subject, message.text) for message in found] == [("password_reset", None)] * 2
