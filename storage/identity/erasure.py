"""Erasure: what is personal of a deleted account goes, some time after it was deleted; its row stays.

So does what others refer to by its id: the audit without where its acts came from, and the entries of a
ledger.
"""

from datetime import datetime, timedelta
from uuid import UUID

from storage.identity import audit
from storage.pools import Connection

ERASED_AFTER = timedelta(days=30)
ACTION = "account_erased"
MOST_ROWS = 5_000
"""Of one statement, so that none takes longer than a statement may."""

_ERASE = """
    UPDATE auth.users SET status = 'erased', email = 'erased-' || id, name = NULL,
        phone_sealed = NULL, phone_digest = NULL, phone_verified = false, email_verified = false,
        password_hash = NULL, lock_reason = NULL, erased_at = %(now)s, updated_at = %(now)s
    WHERE id = (
        SELECT id FROM auth.users WHERE status = 'deleted' AND deleted_at <= %(before)s
        ORDER BY deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""
OWNED = (
    "api_keys",
    "biometric_credentials",
    "challenges",
    "devices",
    "mail_tokens",
    "sessions",  # with their refresh tokens
    "two_factor_auth",  # with its backup codes
)


async def erase(connection: Connection, *, now: datetime) -> UUID | None:
    """Erase the account that was deleted longest ago, if that is long enough; None where none is."""
    before = now - ERASED_AFTER
    cursor = await connection.execute(_ERASE, {"now": now, "before": before})
    row = await cursor.fetchone()
    if row is None:
        return None
    user_id: UUID = row[0]
    for table in OWNED:
        await connection.execute(f"DELETE FROM auth.{table} WHERE user_id = %s", (user_id,))
    while await audit.forget_origins(connection, user_id, most=MOST_ROWS) == MOST_ROWS:
        pass
    await audit.add(
        connection,
        action=ACTION,
        actor_id=None,
        user_id=user_id,
        ip_address=None,
        user_agent=None,
        request_id=None,
        now=now,
    )
    return user_id
