"""Devices that have signed in to an account before, by the digests of their tokens."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, number, one


@dataclass(frozen=True, slots=True)
class Device:
    """A row of `auth.devices`."""

    id: UUID
    user_id: UUID
    token_hash: bytes
    user_agent: str | None
    created_at: datetime
    last_used_at: datetime


_ADD = """
    INSERT INTO auth.devices (id, user_id, token_hash, user_agent, created_at, last_used_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_GET = """
    SELECT id, user_id, token_hash, user_agent, created_at, last_used_at FROM auth.devices
    WHERE id = %s
"""
_BY_TOKEN = """
    SELECT id, user_id, token_hash, user_agent, created_at, last_used_at FROM auth.devices
    WHERE token_hash = %s AND user_id = %s
"""
_TOUCH = "UPDATE auth.devices SET user_agent = %s, last_used_at = %s WHERE id = %s"
_COUNT = "SELECT count(*) FROM auth.devices WHERE user_id = %s"
_FORGET_ALL = "DELETE FROM auth.devices WHERE user_id = %s"


async def add(connection: Connection, device: Device) -> None:
    """A device that signed in for the first time."""
    values = (
        device.id,
        device.user_id,
        device.token_hash,
        device.user_agent,
        device.created_at,
        device.last_used_at,
    )
    await connection.execute(_ADD, values)


async def get(connection: Connection, device_id: UUID) -> Device | None:
    """One device."""
    return await one(connection, Device, _GET, (device_id,))


async def by_token(connection: Connection, user_id: UUID, token_hash: bytes) -> Device | None:
    """The device with that token, if it is one of that account."""
    return await one(connection, Device, _BY_TOKEN, (token_hash, user_id))


async def touch(
    connection: Connection, device_id: UUID, *, user_agent: str | None, now: datetime
) -> None:
    """Note that it signed in again."""
    await connection.execute(_TOUCH, (user_agent, now, device_id))


async def count(connection: Connection, user_id: UUID) -> int:
    """How many devices an account has signed in from."""
    return await number(connection, _COUNT, (user_id,))


async def forget_all(connection: Connection, user_id: UUID) -> int:
    """Know none of an account's devices any more; how many there were. Their sessions stay."""
    return await changed(connection, _FORGET_ALL, (user_id,))
