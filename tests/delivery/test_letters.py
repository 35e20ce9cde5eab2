"""A letter is posted with the facts that it tells, sealed, and with no others."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from delivery.errors import UnfitFactsError
from delivery.letters import Letter, opened, post
from identity.errors import UnsealError
from identity.keyring import KeyRing
from storage.pools import WritePool

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
LINK = "http://localhost:8000/verify#token=twm_canary"


async def test_what_it_tells_lies_sealed_in_the_outbox(database_url: str) -> None:
    pool, ring = WritePool(database_url), KeyRing.generate()
    async with pool.transaction() as connection:
        id_ = await post(
            connection,
            ring,
            Letter.PASSWORD_RESET,
            "ann@example.com",
            {"link": LINK},
            condition="if_account",
            now=NOW,
        )
    await pool.close()
    with psycopg.connect(database_url) as connection_:
        row = connection_.execute(
            "SELECT id, address, template, condition, state, context FROM delivery.outbox"
        ).fetchone()
    assert row is not None
    context = row[5]
    assert row[:5] == (id_, "ann@example.com", "password_reset", "if_account", "waiting")
    assert b"canary" not in context
    assert opened(ring, id_, context) == {"link": LINK}


async def test_facts_that_are_not_its_own_are_refused_before_anything_is_written(
    database_url: str,
) -> None:
    pool, ring = WritePool(database_url), KeyRing.generate()
    with pytest.raises(UnfitFactsError) as raised:
        async with pool.transaction() as connection:
            facts = {"person": "Ann", "other": "x"}
            await post(connection, ring, Letter.REGISTRATION, "a@example.com", facts, now=NOW)
    await pool.close()
    assert str(raised.value) == (
        "letter registration: missing facts ['link'], unknown facts ['other']"
    )


def test_a_sealed_letter_opens_in_its_own_row_alone() -> None:
    ring = KeyRing.generate()
    sealed = ring.seal(b"{}", of=f"delivery.outbox/{UUID(int=1)}/context")
    assert opened(ring, UUID(int=1), sealed) == {}
    with pytest.raises(UnsealError):
        opened(ring, UUID(int=2), sealed)
