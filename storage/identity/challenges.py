"""Challenges of ceremonies: each is answered once, rightly or wrongly, by the session it was made for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import one


@dataclass(frozen=True, slots=True)
class Challenge:
    """A row of `auth.challenges`. Without a session it is for whoever has its id."""

    id: UUID
    purpose: str
    user_id: UUID | None
    session_id: UUID | None
    challenge: bytes
    expires_at: datetime


_ADD = """
    INSERT INTO auth.challenges (id, purpose, user_id, session_id, challenge, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_TAKE = """
    DELETE FROM auth.challenges WHERE id = %s AND purpose = %s
    RETURNING id, purpose, user_id, session_id, challenge, expires_at
"""


async def add(connection: Connection, challenge: Challenge) -> None:
    """A challenge that was given out."""
    values = (
        challenge.id,
        challenge.purpose,
        challenge.user_id,
        challenge.session_id,
        challenge.challenge,
        challenge.expires_at,
    )
    await connection.execute(_ADD, values)


async def take(
    connection: Connection,
    challenge_id: UUID,
    *,
    purpose: str,
    session_id: UUID | None,
    now: datetime,
) -> Challenge | None:
    """Spend a challenge, which a commit makes final whatever the answer is worth.

    None where there is none of that purpose; and where it is another session's or has expired, though it
    is spent by that too.
    """
    taken = await one(connection, Challenge, _TAKE, (challenge_id, purpose))
    if taken is None or taken.session_id != session_id or taken.expires_at <= now:
        return None
    return taken
