"""Passkeys: the public halves of keys that devices hold for an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, many, one


@dataclass(frozen=True, slots=True)
class Passkey:
    """A row of `auth.biometric_credentials`."""

    id: UUID
    user_id: UUID
    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    transports: list[str]
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None = None


_COLUMNS = """
    id, user_id, name, credential_id, public_key, sign_count, aaguid, transports, backed_up,
    created_at, last_used_at
"""

_ADD = f"""
    INSERT INTO auth.biometric_credentials ({_COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (credential_id) DO NOTHING
"""
_OF_USER = f"""
    SELECT {_COLUMNS} FROM auth.biometric_credentials WHERE user_id = %s ORDER BY created_at, id
"""
_BY_CREDENTIAL = f"SELECT {_COLUMNS} FROM auth.biometric_credentials WHERE credential_id = %s"
# Authenticators that keep no counter always say 0.
_USED = """
    UPDATE auth.biometric_credentials
    SET sign_count = %(count)s, backed_up = %(backed_up)s, last_used_at = %(now)s
    WHERE id = %(id)s AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
"""
_RENAME = f"""
    UPDATE auth.biometric_credentials SET name = %s WHERE id = %s AND user_id = %s
    RETURNING {_COLUMNS}
"""
_REMOVE = f"""
    DELETE FROM auth.biometric_credentials WHERE id = %s AND user_id = %s RETURNING {_COLUMNS}
"""


async def add(connection: Connection, passkey: Passkey) -> bool:
    """A new passkey; False where its credential has been registered, by whomever."""
    values = (
        passkey.id,
        passkey.user_id,
        passkey.name,
        passkey.credential_id,
        passkey.public_key,
        passkey.sign_count,
        passkey.aaguid,
        passkey.transports,
        passkey.backed_up,
        passkey.created_at,
        passkey.last_used_at,
    )
    return await changed(connection, _ADD, values) == 1


async def of_user(connection: Connection, user_id: UUID) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return await many(connection, Passkey, _OF_USER, (user_id,))


async def by_credential(connection: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey of a credential."""
    return await one(connection, Passkey, _BY_CREDENTIAL, (credential_id,))


async def used(
    connection: Connection, passkey_id: UUID, *, sign_count: int, backed_up: bool, now: datetime
) -> bool:
    """Note that it was used; False where its counter did not grow: then there are two of it."""
    values = {"id": passkey_id, "count": sign_count, "backed_up": backed_up, "now": now}
    return await changed(connection, _USED, values) == 1


async def rename(
    connection: Connection, user_id: UUID, passkey_id: UUID, *, name: str
) -> Passkey | None:
    """Call a passkey of an account something else; None where it has none such."""
    return await one(connection, Passkey, _RENAME, (name, passkey_id, user_id))


async def remove(connection: Connection, user_id: UUID, passkey_id: UUID) -> Passkey | None:
    """Remove a passkey of an account; None where it has none such."""
    return await one(connection, Passkey, _REMOVE, (passkey_id, user_id))
