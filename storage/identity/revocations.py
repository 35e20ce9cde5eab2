"""Revocations: what every process must no longer believe, though it was signed.

They are written in the transaction that revokes. Their numbers do not commit in order, so that whoever
follows them asks for all of some time, again and again.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import many

SESSION, USER, API_KEY = "session", "user", "api_key"


@dataclass(frozen=True, slots=True)
class Revocation:
    """A row of `auth.revocations`. That of a user ends all that was issued to it before then."""

    id: int
    kind: str
    subject: UUID
    revoked_at: datetime
    reason: str


_ADD = """
    INSERT INTO auth.revocations (kind, subject, revoked_at, reason) VALUES (%s, %s, %s, %s)
"""
_SINCE = """
    SELECT id, kind, subject, revoked_at, reason FROM auth.revocations WHERE revoked_at >= %s
    ORDER BY id
"""


async def add(
    connection: Connection, *, kind: str, subject: UUID, reason: str, now: datetime
) -> None:
    """Revoke a session, an API key, or all that a user was issued before now."""
    await connection.execute(_ADD, (kind, subject, now, reason))


async def since(connection: Connection, after: datetime) -> list[Revocation]:
    """All since then, in the order of their numbers."""
    return await many(connection, Revocation, _SINCE, (after,))
