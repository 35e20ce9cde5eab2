"""The second factor: a secret for codes of the time, and backup codes; each code is good once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, number, one


@dataclass(frozen=True, slots=True)
class TwoFactor:
    """A row of `auth.two_factor_auth`. One that is not enabled is an enrolment that was begun."""

    user_id: UUID
    secret: bytes
    enabled: bool
    last_step: int
    salt: bytes
    created_at: datetime
    enabled_at: datetime | None


_GET = """
    SELECT user_id, secret, enabled, last_step, salt, created_at, enabled_at
    FROM auth.two_factor_auth WHERE user_id = %s
"""
_BEGIN = """
    INSERT INTO auth.two_factor_auth (user_id, secret, salt, created_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, salt = excluded.salt,
        created_at = excluded.created_at, last_step = 0
    WHERE NOT two_factor_auth.enabled RETURNING user_id
"""
_ENABLE = """
    UPDATE auth.two_factor_auth SET enabled = true, enabled_at = %(now)s, last_step = %(step)s
    WHERE user_id = %(user)s AND NOT enabled AND last_step < %(step)s
"""
_SPEND_STEP = """
    UPDATE auth.two_factor_auth SET last_step = %(step)s
    WHERE user_id = %(user)s AND enabled AND last_step < %(step)s RETURNING user_id
"""
_REMOVE = "DELETE FROM auth.two_factor_auth WHERE user_id = %s"
_SALT = "UPDATE auth.two_factor_auth SET salt = %s WHERE user_id = %s"
_DROP_CODES = "DELETE FROM auth.backup_codes WHERE user_id = %s"
_ADD_CODES = """
    INSERT INTO auth.backup_codes (user_id, code_hash)
    SELECT user_id, unnest(%s::bytea[]) FROM auth.two_factor_auth WHERE user_id = %s
"""
_SPEND_CODE = """
    UPDATE auth.backup_codes SET used_at = %s
    WHERE user_id = %s AND code_hash = %s AND used_at IS NULL RETURNING user_id
"""
_CODES_LEFT = "SELECT count(*) FROM auth.backup_codes WHERE user_id = %s AND used_at IS NULL"


async def get(connection: Connection, user_id: UUID) -> TwoFactor | None:
    """The second factor of an account, or the enrolment that was begun."""
    return await one(connection, TwoFactor, _GET, (user_id,))


async def begin(
    connection: Connection, user_id: UUID, *, secret: bytes, salt: bytes, now: datetime
) -> bool:
    """Begin an enrolment, in the place of one that was not ended; False where it is enabled."""
    return await changed(connection, _BEGIN, (user_id, secret, salt, now)) == 1


async def enable(connection: Connection, user_id: UUID, *, step: int, now: datetime) -> bool:
    """End an enrolment by a code of that step, which is spent; False where there is none."""
    return await changed(connection, _ENABLE, {"user": user_id, "step": step, "now": now}) == 1


async def spend_step(connection: Connection, user_id: UUID, *, step: int) -> bool:
    """Spend the code of a step; False where that step, or a later one, was spent."""
    return await changed(connection, _SPEND_STEP, {"user": user_id, "step": step}) == 1


async def remove(connection: Connection, user_id: UUID) -> bool:
    """Remove the second factor with its codes; False where there is none."""
    return await changed(connection, _REMOVE, (user_id,)) == 1


async def replace_codes(
    connection: Connection, user_id: UUID, *, salt: bytes, hashes: Sequence[bytes]
) -> None:
    """Other backup codes, in the place of all before. In the caller's transaction."""
    # The salt first: its row makes two who replace the codes take turns.
    await connection.execute(_SALT, (salt, user_id))
    await connection.execute(_DROP_CODES, (user_id,))
    await connection.execute(_ADD_CODES, (list(hashes), user_id))


async def spend_code(
    connection: Connection, user_id: UUID, code_hash: bytes, *, now: datetime
) -> bool:
    """Spend a backup code; False where there is none such, or it was spent."""
    return await changed(connection, _SPEND_CODE, (now, user_id, code_hash)) == 1


async def codes_left(connection: Connection, user_id: UUID) -> int:
    """How many backup codes are not spent."""
    return await number(connection, _CODES_LEFT, (user_id,))
