"""Revocations: written with what revokes, and followed by time."""

from uuid import uuid4

import pytest
from psycopg.errors import CheckViolation

from storage.identity import revocations
from storage.identity.revocations import API_KEY, SESSION, USER
from storage.pools import Connection
from tests.storage.identity.making import MINUTE, NOW


async def test_those_since_then_are_given_in_order(open_connection: Connection) -> None:
    subjects = [uuid4() for _ in range(3)]
    for minute, (kind, subject) in enumerate(zip((SESSION, USER, API_KEY), subjects, strict=True)):
        await revocations.add(
            open_connection, kind=kind, subject=subject, reason="x", now=NOW + minute * MINUTE
        )
    found = await revocations.since(open_connection, NOW + MINUTE)
    assert [(each.kind, each.subject, each.revoked_at, each.reason) for each in found] == [
        (USER, subjects[1], NOW + MINUTE, "x"),
        (API_KEY, subjects[2], NOW + 2 * MINUTE, "x"),
    ]
    assert found[0].id < found[1].id
    assert await revocations.since(open_connection, NOW + 3 * MINUTE) == []


async def test_there_are_no_other_kinds(open_connection: Connection) -> None:
    with pytest.raises(CheckViolation):
        await revocations.add(open_connection, kind="x", subject=uuid4(), reason="x", now=NOW)
