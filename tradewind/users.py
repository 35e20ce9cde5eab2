"""`tradewind users`: the accounts, and what the operator may do with them; each act is in the audit."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from identity.addresses import normalised_email
from identity.errors import IdentityError
from market.clock import datetime_of, system_clock
from storage.identity import api_keys, audit, sessions, users
from storage.identity.users import User, UserQuery
from storage.pools import Connection, WritePool
from tradewind.errors import NoSuchUserError
from tradewind.servers import reach_database
from tradewind.settings import Settings

MOST_LISTED = 1_000

_T = TypeVar("_T")


def run_list(settings: Settings, begins: str | None, console: Console | None = None) -> int:
    """Print the accounts, the newest first; the exit status."""

    async def find(pool: WritePool) -> list[User]:
        async with pool.transaction() as connection:
            return await users.find(connection, UserQuery(begins=begins), limit=MOST_LISTED)

    table = Table("E-mail", "Name", "Role", "Status", "Since", box=None)
    found = with_pool(settings, find)
    for user in found:
        since = f"{user.created_at:%Y-%m-%d %H:%M}Z"
        table.add_row(user.email, user.name or "", user.role, user.status, since)
    console = console or Console()
    console.print(table if found else "nobody")
    return 0


def run_role(settings: Settings, email: str, role: str) -> int:
    """Give an account a role; its sessions end, because their tokens say what it was."""

    async def act(connection: Connection, user: User, now: datetime) -> str:
        if user.role == role:
            return f"{user.email} is {role} already"
        await users.set_role(connection, user.id, role=role, now=now)
        await sessions.revoke_all(connection, user.id, reason="role_changed", now=now)
        await _note(connection, "role_changed", user, now, before=user.role, after=role)
        return f"{user.email} is {role} now, and has to sign in again"

    return _with_user(settings, email, act)


def run_lock(settings: Settings, email: str, reason: str) -> int:
    """Lock an account: everything that is signed in to it ends, and nobody can sign in."""

    async def act(connection: Connection, user: User, now: datetime) -> str:
        if await users.lock(connection, user.id, reason=reason, now=now) is None:
            return f"{user.email} is {user.status} already"
        await sessions.revoke_all(connection, user.id, reason="locked", now=now)
        await api_keys.revoke_all(connection, user.id, reason="locked", now=now)
        await _note(connection, "account_locked", user, now, by="operator")
        return f"{user.email} is locked"

    return _with_user(settings, email, act)


def run_unlock(settings: Settings, email: str) -> int:
    """Let the user of a locked account sign in again."""

    async def act(connection: Connection, user: User, now: datetime) -> str:
        if await users.unlock(connection, user.id, now=now) is None:
            return f"{user.email} is {user.status} already"
        await _note(connection, "account_unlocked", user, now, by="operator")
        return f"{user.email} may sign in again"

    return _with_user(settings, email, act)


def _with_user(
    settings: Settings, email: str, act: Callable[[Connection, User, datetime], Awaitable[str]]
) -> int:
    """Do something with an account and say what; NoSuchUserError where there is none."""
    try:
        address = normalised_email(email)
    except (IdentityError, ValueError):
        raise NoSuchUserError(email) from None

    async def find_and_act(pool: WritePool) -> str:
        async with pool.transaction() as connection:
            user = await users.by_email(connection, address)
            held = None if user is None else await users.hold(connection, user.id)
            if held is None or not held.exists:
                raise NoSuchUserError(email)
            return await act(connection, held, datetime_of(system_clock()))

    print(with_pool(settings, find_and_act))
    return 0


def with_pool(settings: Settings, act: Callable[[WritePool], Awaitable[_T]]) -> _T:
    """What `act` gives, done on the database of the settings."""

    async def run(url: str) -> _T:
        pool = WritePool(url, size=1)
        try:
            return await act(pool)
        finally:
            await pool.close()

    with reach_database(settings) as url:
        return asyncio.run(run(url))


async def _note(
    connection: Connection, action: str, user: User, now: datetime, **details: object
) -> None:
    await audit.add(
        connection,
        action=action,
        actor_id=None,
        user_id=user.id,
        ip_address=None,
        user_agent="tradewind users",
        request_id=None,
        details=details,
        now=now,
    )
