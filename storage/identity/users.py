"""Accounts.

An address has one account at most that is active or locked; a deleted one gives it free at once, and is
erased later (`storage.identity.pruning`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg.types.json import Jsonb

from storage.pools import Connection
from storage.rows import changed, many, number, one


class Status(StrEnum):
    """What an account is."""

    ACTIVE = "active"
    LOCKED = "locked"
    DELETED = "deleted"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class User:
    """A row of `auth.users`."""

    id: UUID
    email: str
    name: str | None
    phone_sealed: bytes | None
    phone_verified: bool
    email_verified: bool
    password_hash: str | None
    role: str
    status: str
    lock_reason: str | None
    created_at: datetime
    updated_at: datetime
    password_changed_at: datetime
    deleted_at: datetime | None
    erased_at: datetime | None

    @property
    def exists(self) -> bool:
        """Whether it is not deleted."""
        return self.status in (Status.ACTIVE, Status.LOCKED)


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which accounts: whose address or name begins so, in any case; of this status, of this role."""

    begins: str | None = None
    status: str | None = None
    role: str | None = None


COLUMNS = """
    id, email, name, phone_sealed, phone_verified, email_verified, password_hash, role, status,
    lock_reason, created_at, updated_at, password_changed_at, deleted_at, erased_at
"""

NOBODY = UUID(int=0)
"""The id of no account."""
_NOBODYS_ROW = {
    "id": str(NOBODY),
    "email": "nobody@example.org",
    "name": "Nobody",
    "phone_verified": False,
    "email_verified": True,
    "password_hash": f"$argon2id$v=19$m=19456,t=2,p=1${'x' * 66}",
    "role": "user",
    "status": "active",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "password_changed_at": "2026-01-01T00:00:00Z",
}

_CREATE = f"""
    INSERT INTO auth.users (id, email, name, email_verified, password_hash, role, created_at,
        updated_at, password_changed_at)
    VALUES (%(id)s, %(email)s, %(name)s, %(email_verified)s, %(password_hash)s, %(role)s, %(now)s,
        %(now)s, %(now)s)
    ON CONFLICT (email) WHERE status IN ('active', 'locked') DO NOTHING RETURNING {COLUMNS}
"""
_GET = f"SELECT {COLUMNS} FROM auth.users WHERE id = %s"
_HOLD = f"{_GET} FOR NO KEY UPDATE"
_BY_EMAIL = f"""
    SELECT {COLUMNS} FROM (
        SELECT 1 AS choice, * FROM auth.users
        WHERE email = %(email)s AND status IN ('active', 'locked')
        UNION ALL
        SELECT 2, * FROM jsonb_populate_record(NULL::auth.users, %(nobody)s)
    ) found ORDER BY choice LIMIT 1
"""
_CONDITIONS = {
    "begins": "(email LIKE %(begins)s OR lower(name) LIKE %(begins)s)",
    "status": "status = %(status)s",
    "role": "role = %(role)s",
}
_SET_PASSWORD = """
    UPDATE auth.users SET password_hash = %s, password_changed_at = %s, updated_at = %s
    WHERE id = %s AND status IN ('active', 'locked')
"""
_REHASH = "UPDATE auth.users SET password_hash = %s WHERE id = %s AND password_hash = %s"
_SET_PHONE = f"""
    UPDATE auth.users SET phone_sealed = %s, phone_digest = %s, phone_verified = false, updated_at = %s
    WHERE id = %s AND status IN ('active', 'locked') RETURNING {COLUMNS}
"""
_DELETE = f"""
    UPDATE auth.users SET status = 'deleted', deleted_at = %(now)s, updated_at = %(now)s
    WHERE id = %(id)s AND status IN ('active', 'locked') RETURNING {COLUMNS}
"""


async def create(
    connection: Connection,
    user_id: UUID,
    *,
    email: str,
    password_hash: str | None,
    name: str | None = None,
    email_verified: bool = True,
    role: str = "user",
    now: datetime,
) -> User | None:
    """A new account; None where the address has one. Waits for another that is being made of it."""
    values = {
        "id": user_id,
        "email": email,
        "name": name,
        "email_verified": email_verified,
        "password_hash": password_hash,
        "role": role,
        "now": now,
    }
    return await one(connection, User, _CREATE, values)


async def get(connection: Connection, user_id: UUID) -> User | None:
    """The account, whatever its status."""
    return await one(connection, User, _GET, (user_id,))


async def hold(connection: Connection, user_id: UUID) -> User | None:
    """The account, its row locked to the end of the transaction: others that hold or change it wait."""
    return await one(connection, User, _HOLD, (user_id,))


async def by_email(connection: Connection, email: str) -> User | None:
    """The account of an address that is active or locked.

    For an address without one a row of nobody is read: to read nothing takes noticeably less time.
    """
    values = {"email": email, "nobody": Jsonb(_NOBODYS_ROW)}
    user = await one(connection, User, _BY_EMAIL, values)
    return None if user is None or user.id == NOBODY else user


async def find(
    connection: Connection, query: UserQuery, *, limit: int, offset: int = 0
) -> list[User]:
    """Accounts, the newest first."""
    values = _values(query)
    statement = f"""
        SELECT {COLUMNS} FROM auth.users {_where(values)}
        ORDER BY created_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
    """
    return await many(connection, User, statement, {**values, "limit": limit, "offset": offset})


async def count(connection: Connection, query: UserQuery) -> int:
    """How many `find` would give without a limit."""
    values = _values(query)
    return await number(connection, f"SELECT count(*) FROM auth.users {_where(values)}", values)


async def set_password(
    connection: Connection, user_id: UUID, *, password_hash: str, now: datetime
) -> bool:
    """Another password; False where there is no such account."""
    return await changed(connection, _SET_PASSWORD, (password_hash, now, now, user_id)) == 1


async def rehash(connection: Connection, user_id: UUID, *, before: str, after: str) -> bool:
    """The same password under other parameters; False where it is another by now."""
    return await changed(connection, _REHASH, (after, user_id, before)) == 1


async def set_name(
    connection: Connection, user_id: UUID, *, name: str | None, now: datetime
) -> User | None:
    """Another name."""
    return await _change(connection, user_id, "name = %(name)s", {"name": name}, now)


async def set_phone(
    connection: Connection,
    user_id: UUID,
    *,
    sealed: bytes | None,
    digest: bytes | None,
    now: datetime,
) -> User | None:
    """Another phone number, which is not verified, or none."""
    return await one(connection, User, _SET_PHONE, (sealed, digest, now, user_id))


async def set_role(
    connection: Connection, user_id: UUID, *, role: str, now: datetime
) -> User | None:
    """Another role."""
    return await _change(connection, user_id, "role = %(role)s", {"role": role}, now)


async def lock(connection: Connection, user_id: UUID, *, reason: str, now: datetime) -> User | None:
    """Lock an active account; None where it is not active."""
    change, values = "status = 'locked', lock_reason = %(reason)s", {"reason": reason}
    return await _change(connection, user_id, change, values, now, statuses=["active"])


async def unlock(connection: Connection, user_id: UUID, *, now: datetime) -> User | None:
    """Unlock a locked account; None where it is not locked."""
    change = "status = 'active', lock_reason = NULL"
    return await _change(connection, user_id, change, {}, now, statuses=["locked"])


async def delete(connection: Connection, user_id: UUID, *, now: datetime) -> User | None:
    """Delete an account; its row stays, its address is free."""
    return await one(connection, User, _DELETE, {"id": user_id, "now": now})


async def _change(
    connection: Connection,
    user_id: UUID,
    change: str,
    values: Mapping[str, object],
    now: datetime,
    *,
    statuses: Sequence[str] = ("active", "locked"),
) -> User | None:
    statement = f"""
        UPDATE auth.users SET {change}, updated_at = %(now)s
        WHERE id = %(id)s AND status = ANY(%(statuses)s) RETURNING {COLUMNS}
    """
    given = {"id": user_id, "now": now, "statuses": list(statuses)}
    return await one(connection, User, statement, {**values, **given})


def _where(values: Mapping[str, object]) -> str:
    """Only the conditions that are asked for, so that each question finds its index."""
    asked = [_CONDITIONS[name] for name in values]
    return f"WHERE {' AND '.join(asked)}" if asked else ""


def _values(query: UserQuery) -> dict[str, object]:
    values = {"begins": _beginning(query.begins), "status": query.status, "role": query.role}
    return {name: value for name, value in values.items() if value is not None}


def _beginning(text: str | None) -> str | None:
    """The pattern of what begins with this text."""
    if text is None:
        return None
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"
