"""Keys of programs, by their digests. One is revoked together with a row in `auth.revocations`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storage.pools import Connection
from storage.rows import many, one

MOST_LISTED = 100
TOUCHED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A row of `auth.api_keys`."""

    id: UUID
    user_id: UUID
    name: str
    token_hash: bytes
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A good key, and the active account that it acts for."""

    id: UUID
    user_id: UUID
    email: str
    role: str
    scopes: list[str]
    expires_at: datetime


_COLUMNS = """
    id, user_id, name, token_hash, scopes, created_at, expires_at, last_used_at, revoked_at
"""

_ADD = f"INSERT INTO auth.api_keys ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_OF_USER = f"""
    SELECT {_COLUMNS} FROM auth.api_keys WHERE user_id = %s AND revoked_at IS NULL
    ORDER BY created_at DESC, id LIMIT {MOST_LISTED}
"""
_HOLDER = """
    SELECT k.id, k.user_id, u.email, u.role, k.scopes, k.expires_at
    FROM auth.api_keys AS k JOIN auth.users AS u ON u.id = k.user_id
    WHERE k.token_hash = %s AND k.revoked_at IS NULL AND k.expires_at > %s AND u.status = 'active'
"""
_TOUCH = """
    UPDATE auth.api_keys SET last_used_at = %(now)s
    WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at < %(before)s)
"""
_REVOKE = f"""
    WITH ended AS (
        UPDATE auth.api_keys SET revoked_at = %(now)s
        WHERE user_id = %(user)s AND (%(id)s::uuid IS NULL OR id = %(id)s) AND revoked_at IS NULL
        RETURNING {_COLUMNS}
    ), told AS (
        INSERT INTO auth.revocations (kind, subject, revoked_at, reason)
        SELECT 'api_key', id, %(now)s, %(reason)s FROM ended
    )
    SELECT {_COLUMNS} FROM ended
"""


async def add(connection: Connection, key: ApiKey) -> None:
    """A new key."""
    values = (
        key.id,
        key.user_id,
        key.name,
        key.token_hash,
        key.scopes,
        key.created_at,
        key.expires_at,
        key.last_used_at,
        key.revoked_at,
    )
    await connection.execute(_ADD, values)


async def of_user(connection: Connection, user_id: UUID) -> list[ApiKey]:
    """The newest keys of an account first, without those that were revoked; at most MOST_LISTED."""
    return await many(connection, ApiKey, _OF_USER, (user_id,))


async def holder(connection: Connection, token_hash: bytes, *, now: datetime) -> KeyHolder | None:
    """Who holds a key; None where it is not good, or the account is not active."""
    return await one(connection, KeyHolder, _HOLDER, (token_hash, now))


async def touch(connection: Connection, key_id: UUID, *, now: datetime) -> None:
    """Note that it is used, at most once in TOUCHED_EVERY."""
    values = {"id": key_id, "now": now, "before": now - TOUCHED_EVERY}
    await connection.execute(_TOUCH, values)


async def revoke(
    connection: Connection, user_id: UUID, key_id: UUID, *, reason: str, now: datetime
) -> ApiKey | None:
    """Revoke a key of an account, and tell all; None where it has none such."""
    values = {"user": user_id, "id": key_id, "reason": reason, "now": now}
    return await one(connection, ApiKey, _REVOKE, values)


async def revoke_all(
    connection: Connection, user_id: UUID, *, reason: str, now: datetime
) -> list[UUID]:
    """Revoke all keys of an account, and tell all; their ids."""
    values = {"user": user_id, "id": None, "reason": reason, "now": now}
    return [key.id for key in await many(connection, ApiKey, _REVOKE, values)]
