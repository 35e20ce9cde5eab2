"""Refresh tokens by their digests: each is spent once, and says by which key its successor was derived."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, one


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A row of `auth.refresh_tokens`."""

    token_hash: bytes
    session_id: UUID
    issued_at: datetime
    used_at: datetime | None
    key_id: str | None


_ADD = "INSERT INTO auth.refresh_tokens (token_hash, session_id, issued_at) VALUES (%s, %s, %s)"
_GET = """
    SELECT token_hash, session_id, issued_at, used_at, key_id FROM auth.refresh_tokens
    WHERE token_hash = %s
"""
_SPEND = """
    UPDATE auth.refresh_tokens SET used_at = %s, key_id = %s WHERE token_hash = %s AND used_at IS NULL
"""


async def add(
    connection: Connection, token_hash: bytes, *, session_id: UUID, now: datetime
) -> None:
    """A token that was given out."""
    await connection.execute(_ADD, (token_hash, session_id, now))


async def get(connection: Connection, token_hash: bytes) -> RefreshToken | None:
    """The token, used or not; lock its session first (`sessions.lock_of_token`)."""
    return await one(connection, RefreshToken, _GET, (token_hash,))


async def spend(connection: Connection, token_hash: bytes, *, key_id: str, now: datetime) -> bool:
    """Use a token up; False where it was, or there is none."""
    return await changed(connection, _SPEND, (now, key_id, token_hash)) == 1
