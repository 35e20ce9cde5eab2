"""Keys that tokens are signed with, their private parts sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from storage.pools import Connection
from storage.rows import many


@dataclass(frozen=True, slots=True)
class StoredSigningKey:
    """A row of `auth.signing_keys`."""

    kid: str
    private_sealed: bytes
    public_jwk: Mapping[str, Any]
    created_at: datetime
    retired_at: datetime | None = None


_LOCK = "SELECT pg_advisory_xact_lock(hashtext('the signing keys'))"
_ADD = """
    INSERT INTO auth.signing_keys (kid, private_sealed, public_jwk, created_at, retired_at)
    VALUES (%s, %s, %s, %s, %s)
"""
_RETIRE_OTHERS = """
    UPDATE auth.signing_keys SET retired_at = %s WHERE kid <> %s AND retired_at IS NULL RETURNING kid
"""
_KNOWN = """
    SELECT kid, private_sealed, public_jwk, created_at, retired_at FROM auth.signing_keys
    WHERE retired_at IS NULL OR retired_at > %s ORDER BY created_at DESC, kid
"""


async def lock(connection: Connection) -> None:
    """Let one at a time make keys, to the end of the transaction."""
    await connection.execute(_LOCK)


async def add(connection: Connection, key: StoredSigningKey) -> None:
    """A new key."""
    values = (key.kid, key.private_sealed, Jsonb(key.public_jwk), key.created_at, key.retired_at)
    await connection.execute(_ADD, values)


async def retire_others(connection: Connection, kid: str, *, now: datetime) -> list[str]:
    """Retire all keys but this; those that were not yet."""
    cursor = await connection.execute(_RETIRE_OTHERS, (now, kid))
    return [retired for (retired,) in await cursor.fetchall()]


async def known(connection: Connection, *, retired_since: datetime) -> list[StoredSigningKey]:
    """The keys that are not retired, and those that were only after then; the newest first."""
    return await many(connection, StoredSigningKey, _KNOWN, (retired_since,))
