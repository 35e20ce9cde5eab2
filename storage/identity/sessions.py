"""Sessions: what a sign-in begins, and what ends it.

A session is revoked together with a row in `auth.revocations`, by which every process learns of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from storage.pools import Connection
from storage.rows import changed, many, one


@dataclass(frozen=True, slots=True)
class Session:
    """A row of `auth.sessions`. A pending one has the password alone, and waits for the second factor."""

    id: UUID
    user_id: UUID
    device_id: UUID | None
    device_info: Mapping[str, Any]
    ip_address: IPv4Address | IPv6Address | None
    transport: str
    pending: bool
    second_factor: bool
    authenticated_at: datetime
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > now


EXCHANGED = "exchanged"
"""Why a pending session ended that became a whole one."""

COLUMNS = """
    id, user_id, device_id, device_info, ip_address, transport, pending, second_factor,
    authenticated_at, created_at, last_used_at, expires_at, revoked_at, revoked_reason
"""

_ADD = f"""
    INSERT INTO auth.sessions ({COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_GET = f"SELECT {COLUMNS} FROM auth.sessions WHERE id = %s"
_LOCK_OF_TOKEN = f"""
    SELECT {COLUMNS} FROM auth.sessions
    WHERE id = (SELECT session_id FROM auth.refresh_tokens WHERE token_hash = %s) FOR UPDATE
"""
_LIVE_OF = f"""
    SELECT {COLUMNS} FROM auth.sessions
    WHERE user_id = %s AND NOT pending AND revoked_at IS NULL AND expires_at > %s
    ORDER BY last_used_at DESC, id
"""
_TOUCH = """
    UPDATE auth.sessions SET last_used_at = %s, ip_address = %s, device_info = %s WHERE id = %s
"""
_AUTHENTICATE = """
    UPDATE auth.sessions SET authenticated_at = %(now)s, second_factor = second_factor OR %(second)s
    WHERE id = %(id)s AND NOT pending AND revoked_at IS NULL AND expires_at > %(now)s
"""
_SPEND_PENDING = f"""
    UPDATE auth.sessions SET revoked_at = %(now)s, revoked_reason = %(reason)s
    WHERE id = %(id)s AND pending AND revoked_at IS NULL AND expires_at > %(now)s
    RETURNING {COLUMNS}
"""
_REVOKE = f"""
    WITH ended AS (
        UPDATE auth.sessions SET revoked_at = %(now)s, revoked_reason = %(reason)s
        WHERE id = %(id)s AND revoked_at IS NULL AND (%(user)s::uuid IS NULL OR user_id = %(user)s)
        RETURNING {COLUMNS}
    ), told AS (
        INSERT INTO auth.revocations (kind, subject, revoked_at, reason)
        SELECT 'session', id, %(now)s, %(reason)s FROM ended
    )
    SELECT {COLUMNS} FROM ended
"""
_REVOKE_ALL = """
    WITH ended AS (
        UPDATE auth.sessions SET revoked_at = %(now)s, revoked_reason = %(reason)s
        WHERE user_id = %(user)s AND revoked_at IS NULL AND id IS DISTINCT FROM %(but)s::uuid
            AND expires_at > %(now)s
        RETURNING id
    )
    INSERT INTO auth.revocations (kind, subject, revoked_at, reason)
    SELECT 'session', id, %(now)s, %(reason)s FROM ended RETURNING subject
"""


async def add(connection: Connection, session: Session) -> None:
    """A new session."""
    values = (
        session.id,
        session.user_id,
        session.device_id,
        Jsonb(session.device_info),
        session.ip_address,
        session.transport,
        session.pending,
        session.second_factor,
        session.authenticated_at,
        session.created_at,
        session.last_used_at,
        session.expires_at,
        session.revoked_at,
        session.revoked_reason,
    )
    await connection.execute(_ADD, values)


async def get(connection: Connection, session_id: UUID) -> Session | None:
    """The session, ended or not."""
    return await one(connection, Session, _GET, (session_id,))


async def lock_of_token(connection: Connection, token_hash: bytes) -> Session | None:
    """The session of a refresh token, its row locked to the end of the transaction.

    This one lock makes those who present tokens of a session take turns: read the token after it.
    """
    return await one(connection, Session, _LOCK_OF_TOKEN, (token_hash,))


async def live_of(connection: Connection, user_id: UUID, *, now: datetime) -> list[Session]:
    """Whole sessions of an account that have not ended, the last used first."""
    return await many(connection, Session, _LIVE_OF, (user_id, now))


async def touch(
    connection: Connection,
    session_id: UUID,
    *,
    ip_address: str | None,
    device_info: Mapping[str, Any],
    now: datetime,
) -> None:
    """Note when, from where and by what it was used."""
    await connection.execute(_TOUCH, (now, ip_address, Jsonb(device_info), session_id))


async def authenticate(
    connection: Connection, session_id: UUID, *, second_factor: bool, now: datetime
) -> bool:
    """Note that its user has been recognised again; False where it has ended."""
    values = {"id": session_id, "second": second_factor, "now": now}
    return await changed(connection, _AUTHENTICATE, values) == 1


async def spend_pending(
    connection: Connection, session_id: UUID, *, now: datetime
) -> Session | None:
    """End a pending session, whose place a whole one takes; None where it has ended, or is whole."""
    values = {"id": session_id, "now": now, "reason": EXCHANGED}
    return await one(connection, Session, _SPEND_PENDING, values)


async def revoke(
    connection: Connection,
    session_id: UUID,
    *,
    user_id: UUID | None = None,
    reason: str,
    now: datetime,
) -> Session | None:
    """End a session, and tell all; None where there is none, it has ended, or it is not that user's."""
    values = {"id": session_id, "user": user_id, "reason": reason, "now": now}
    return await one(connection, Session, _REVOKE, values)


async def revoke_all(
    connection: Connection,
    user_id: UUID,
    *,
    reason: str,
    now: datetime,
    but: UUID | None = None,
) -> list[UUID]:
    """End all sessions of an account but one, pending ones too, and tell all; their ids."""
    values = {"user": user_id, "but": but, "reason": reason, "now": now}
    ended = await connection.execute(_REVOKE_ALL, values)
    return [session_id for (session_id,) in await ended.fetchall()]
