"""Links in letters, by the digests of their tokens: each is good once, for one purpose."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, one

RESET, LOCK, EMAIL = "reset", "lock", "email"


@dataclass(frozen=True, slots=True)
class MailToken:
    """A row of `auth.mail_tokens`. One by the address alone says nothing of whether it has an account."""

    token_hash: bytes
    purpose: str
    email: str
    user_id: UUID | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


_COLUMNS = "token_hash, purpose, email, user_id, created_at, expires_at, used_at"

_ADD = f"INSERT INTO auth.mail_tokens ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_SPEND = f"""
    UPDATE auth.mail_tokens SET used_at = %(now)s
    WHERE token_hash = %(token)s AND purpose = %(purpose)s AND used_at IS NULL
        AND expires_at > %(now)s
    RETURNING {_COLUMNS}
"""
_VOID = """
    UPDATE auth.mail_tokens SET used_at = %s WHERE email = %s AND purpose = %s AND used_at IS NULL
"""


async def add(connection: Connection, token: MailToken) -> None:
    """A link that is sent."""
    values = (
        token.token_hash,
        token.purpose,
        token.email,
        token.user_id,
        token.created_at,
        token.expires_at,
        token.used_at,
    )
    await connection.execute(_ADD, values)


async def spend(
    connection: Connection, token_hash: bytes, *, purpose: str, now: datetime
) -> MailToken | None:
    """Follow a link; None where it was followed, has expired, or is none of that purpose."""
    values = {"token": token_hash, "purpose": purpose, "now": now}
    return await one(connection, MailToken, _SPEND, values)


async def void(connection: Connection, *, email: str, purpose: str, now: datetime) -> int:
    """Let no link of that purpose to that address be followed any more; how many could be."""
    return await changed(connection, _VOID, (now, email, purpose))
