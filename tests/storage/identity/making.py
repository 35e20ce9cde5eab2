"""Accounts and sessions for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from storage.identity import sessions, users
from storage.identity.sessions import Session
from storage.identity.users import User
from storage.pools import Connection

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def new_user(
    connection: Connection, email: str = "ada@example.org", *, name: str | None = "Ada"
) -> User:
    """An account that was made now."""
    made = await users.create(
        connection, uuid4(), email=email, password_hash="hash", name=name, now=NOW
    )
    assert made is not None
    return made


def a_session(user_id: UUID, **changes: Any) -> Session:
    """A whole session that began now."""
    session = Session(
        id=uuid4(),
        user_id=user_id,
        device_id=None,
        device_info={"user_agent": "curl/8", "name": "curl"},
        ip_address=None,
        transport="bearer",
        pending=False,
        second_factor=False,
        authenticated_at=NOW,
        created_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + 30 * DAY,
    )
    return replace(session, **changes)


async def new_session(connection: Connection, user_id: UUID, **changes: Any) -> Session:
    """A session that is kept."""
    session = a_session(user_id, **changes)
    await sessions.add(connection, session)
    return session


async def told(connection: Connection) -> list[tuple[str, UUID, str]]:
    """What was revoked: kind, subject, reason."""
    cursor = await connection.execute(
        "SELECT kind, subject, reason FROM auth.revocations ORDER BY id"
    )
    return [(kind, subject, reason) for kind, subject, reason in await cursor.fetchall()]
