"""Pruning: what has expired goes, a bounded number of rows a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storage.identity.erasure import erase
from storage.pools import WritePool
from storage.rows import changed

MOST_ROWS = 2_000
"""Of one transaction, so that none holds its locks for long."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each table went, where any did, and the accounts that were erased."""

    rows: Mapping[str, int]
    erased: list[UUID]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Rows go that long after the instant in a column."""

    table: str
    key: str
    since: str
    kept: timedelta
    condition: str = "true"
    most: int = MOST_ROWS

    @property
    def statement(self) -> str:
        return f"""
            DELETE FROM {self.table} WHERE {self.key} IN (
                SELECT {self.key} FROM {self.table} WHERE {self.since} < %s AND {self.condition}
                LIMIT {self.most} FOR UPDATE SKIP LOCKED)
        """


_DAY = timedelta(days=1)
_RULES = (
    _Rule("auth.registrations", "token_hash", "expires_at", timedelta()),
    _Rule("auth.challenges", "id", "expires_at", timedelta()),
    _Rule("auth.mail_tokens", "token_hash", "expires_at", _DAY),
    # A used refresh token is known as such as long as its session could last. One has up to 3,000.
    _Rule("auth.sessions", "id", "expires_at", _DAY, most=20),
    # What was revoked has expired by then.
    _Rule("auth.revocations", "id", "revoked_at", _DAY),
    _Rule("auth.signing_keys", "kid", "retired_at", _DAY),
    # Longer than a browser keeps its token.
    _Rule("auth.devices", "id", "last_used_at", 400 * _DAY),
    _Rule("delivery.outbox", "id", "finished_at", _DAY, "state IN ('sent', 'dropped')"),
    # Nobody sends any: their links have expired, and addresses are not kept for nothing.
    _Rule("delivery.outbox", "id", "created_at", 7 * _DAY, "state = 'waiting'"),
    # For whoever looks into why they did not leave; gone when an account is erased.
    _Rule("delivery.outbox", "id", "finished_at", 14 * _DAY, "state = 'dead'"),
)


async def prune(pool: WritePool, *, now: datetime) -> Pruned:
    """Remove what has expired, and erase the accounts that were deleted long enough ago.

    Safe to be called from several processes at once, and to be broken off at any time.
    """
    rows: dict[str, int] = {}
    for rule in _RULES:
        gone = await _apply(pool, rule, now)
        if gone:
            rows[rule.table] = rows.get(rule.table, 0) + gone
    return Pruned(rows, await _erase_all(pool, now))


async def _apply(pool: WritePool, rule: _Rule, now: datetime) -> int:
    total = 0
    while True:
        async with pool.transaction() as connection:
            gone = await changed(connection, rule.statement, (now - rule.kept,))
        total += gone
        if gone < rule.most:
            return total


async def _erase_all(pool: WritePool, now: datetime) -> list[UUID]:
    erased: list[UUID] = []
    while True:
        async with pool.transaction() as connection:
            user_id = await erase(connection, now=now)
        if user_id is None:
            return erased
        erased.append(user_id)
