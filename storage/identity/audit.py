"""The audit: who did what, to whom, from where. Rows are added, and never changed or removed.

The database holds that; it lets go of the address and the browser alone, when an account is erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from storage.pools import Connection
from storage.rows import changed, many, number


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of `auth.audit`."""

    id: int
    at: datetime
    action: str
    actor_id: UUID | None
    user_id: UUID | None
    ip_address: IPv4Address | IPv6Address | None
    user_agent: str | None
    request_id: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which rows: done to that user, by that one, of that action, from then and before then."""

    user_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_ADD = """
    INSERT INTO auth.audit
        (at, action, actor_id, user_id, ip_address, user_agent, request_id, details)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_CONDITIONS = {
    "user_id": "user_id = %(user_id)s",
    "actor_id": "actor_id = %(actor_id)s",
    "action": "action = %(action)s",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
}
_FORGET = """
    UPDATE auth.audit SET ip_address = NULL, user_agent = NULL
    WHERE id IN (
        SELECT id FROM auth.audit WHERE (user_id = %(user)s OR actor_id = %(user)s)
            AND (ip_address IS NOT NULL OR user_agent IS NOT NULL) LIMIT %(most)s)
"""


async def add(
    connection: Connection,
    *,
    action: str,
    actor_id: UUID | None,
    user_id: UUID | None,
    ip_address: str | None,
    user_agent: str | None,
    request_id: str | None,
    details: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    """One more act. The details hold nothing personal: they outlive the account."""
    values = (
        now,
        action,
        actor_id,
        user_id,
        ip_address,
        user_agent,
        request_id,
        Jsonb(details or {}),
    )
    await connection.execute(_ADD, values)


async def find(
    connection: Connection, query: AuditQuery, *, limit: int, offset: int = 0
) -> list[AuditRow]:
    """Acts, the newest first."""
    statement = f"""
        SELECT id, at, action, actor_id, user_id, ip_address, user_agent, request_id, details
        FROM auth.audit {_where(query)} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s
    """
    values = {**_values(query), "limit": limit, "offset": offset}
    return await many(connection, AuditRow, statement, values)


async def count(connection: Connection, query: AuditQuery) -> int:
    """How many `find` would give without a limit."""
    statement = f"SELECT count(*) FROM auth.audit {_where(query)}"
    return await number(connection, statement, _values(query))


async def forget_origins(connection: Connection, user_id: UUID, *, most: int) -> int:
    """Erase from where and by what an account's acts came, of that many rows; of how many it was."""
    return await changed(connection, _FORGET, {"user": user_id, "most": most})


def _where(query: AuditQuery) -> str:
    """Only the conditions that are asked for, so that each question finds its index."""
    asked = [_CONDITIONS[name] for name in _values(query)]
    return f"WHERE {' AND '.join(asked)}" if asked else ""


def _values(query: AuditQuery) -> dict[str, object]:
    return {name: getattr(query, name) for name in _CONDITIONS if getattr(query, name) is not None}
