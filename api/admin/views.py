"""What is shown of accounts: nothing that opens one, and nothing that is sealed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from api.access.errors import NotFoundError
from api.admin.schemas import AuditParameters, UserParameters
from storage.identity import api_keys, audit, passkeys, sessions, two_factor, users
from storage.identity.audit import AuditQuery, AuditRow
from storage.identity.sessions import Session
from storage.identity.users import User, UserQuery
from storage.pools import Connection


async def find_users(
    connection: Connection, parameters: UserParameters
) -> tuple[list[dict[str, object]], int]:
    """A page of accounts, the newest first, and how many there are."""
    query = UserQuery(begins=parameters.q, status=parameters.status, role=parameters.role)
    found = await users.find(connection, query, limit=parameters.limit, offset=parameters.skip)
    return [user_data(user) for user in found], await users.count(connection, query)


async def user_details(connection: Connection, user_id: UUID) -> dict[str, object]:
    """One account, with how it may be entered. NotFoundError."""
    user = await users.get(connection, user_id)
    if user is None:
        raise NotFoundError("user")
    factor = await two_factor.get(connection, user_id)
    return user_data(user) | {
        "lock_reason": user.lock_reason,
        "updated_at": user.updated_at,
        "password_changed_at": user.password_changed_at,
        "deleted_at": user.deleted_at,
        "two_factor_enabled": factor is not None and factor.enabled,
        "passkeys": len(await passkeys.of_user(connection, user_id)),
        "api_keys": len(await api_keys.of_user(connection, user_id)),
    }


async def live_sessions(
    connection: Connection, user_id: UUID, now: datetime
) -> Sequence[dict[str, object]]:
    """The sessions of an account that have not ended. NotFoundError."""
    if await users.get(connection, user_id) is None:
        raise NotFoundError("user")
    found = await sessions.live_of(connection, user_id, now=now)
    return [session_data(session) for session in found]


async def find_audit(
    connection: Connection, parameters: AuditParameters
) -> tuple[list[dict[str, object]], int]:
    """A page of the audit, the newest first, and how many rows there are."""
    query = AuditQuery(
        user_id=parameters.user_id,
        actor_id=parameters.actor_id,
        action=parameters.action,
        since=parameters.since,
        until=parameters.until,
    )
    rows = await audit.find(connection, query, limit=parameters.limit, offset=parameters.skip)
    return [audit_data(row) for row in rows], await audit.count(connection, query)


def user_data(user: User) -> dict[str, object]:
    """An account in short."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "status": user.status,
        "email_verified": user.email_verified,
        "created_at": user.created_at,
    }


def session_data(session: Session) -> dict[str, object]:
    """A session as it is shown to support."""
    return {
        "id": session.id,
        "user_agent": session.device_info.get("user_agent"),
        "ip_address": None if session.ip_address is None else str(session.ip_address),
        "transport": session.transport,
        "second_factor": session.second_factor,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
    }


def audit_data(row: AuditRow) -> dict[str, object]:
    """A row of the audit."""
    address = None if row.ip_address is None else str(row.ip_address)
    return asdict(row) | {"ip_address": address}
