"""Registrations that wait for the answer to their mail.

An account is made of the registration whose mail was answered, with the password of that one: whoever
registers another's address first gains nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.identity.users import User, create
from storage.pools import Connection
from storage.rows import one


@dataclass(frozen=True, slots=True)
class Registration:
    """A row of `auth.registrations`."""

    token_hash: bytes
    email: str
    password_hash: str
    name: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Redeemed:
    """An answered mail; `user` is None where the address has got an account in the meantime."""

    email: str
    user: User | None


_ADD = """
    INSERT INTO auth.registrations (token_hash, email, password_hash, name, created_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_TAKE = """
    DELETE FROM auth.registrations WHERE token_hash = %s AND expires_at > %s
    RETURNING token_hash, email, password_hash, name, created_at, expires_at
"""
# Another that is being answered holds its row and waits for this account: it is not waited for.
_DROP_OTHERS = """
    DELETE FROM auth.registrations WHERE token_hash IN (
        SELECT token_hash FROM auth.registrations WHERE email = %s FOR UPDATE SKIP LOCKED)
"""


async def add(
    connection: Connection,
    token_hash: bytes,
    *,
    email: str,
    password_hash: str,
    name: str | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """One more registration of an address; there may be several."""
    await connection.execute(_ADD, (token_hash, email, password_hash, name, now, expires_at))


async def redeem(
    connection: Connection, token_hash: bytes, *, user_id: UUID, now: datetime
) -> Redeemed | None:
    """Make the account of a registration; None where there is none, or it is used or expired.

    Where two registrations of one address are answered at once, one becomes the account; the other waits
    for that, and is told.
    """
    taken = await one(connection, Registration, _TAKE, (token_hash, now))
    if taken is None:
        return None
    user = await create(
        connection,
        user_id,
        email=taken.email,
        password_hash=taken.password_hash,
        name=taken.name,
        now=now,
    )
    if user is not None:
        await connection.execute(_DROP_OTHERS, (taken.email,))
    return Redeemed(taken.email, user)
