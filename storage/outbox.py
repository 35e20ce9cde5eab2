"""The outbox: letters that are written with what they tell, in one transaction, and leave afterwards.

A letter may depend on whether its address has an account. That is decided when it leaves, so that whoever
asks for it can't tell by the work that was done. Whoever claims a letter has it for a while; when nothing
is heard by then, another claims it: a letter may leave twice, never not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storage.pools import Connection
from storage.rows import changed, many

RETRY_AFTER_S = 30
"""After the first failure; twice as long after each further one."""
RETRY_WITHIN_S = 3_600
MOST_ATTEMPTS = 10
MOST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Message:
    """A letter that was claimed, with its number of attempts, this one included."""

    id: UUID
    channel: str
    address: str
    condition: str
    template: str
    context: bytes
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be sent, of so many that were looked at."""

    messages: list[Message]
    seen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter and what became of it."""

    id: UUID
    address: str
    template: str
    context: bytes
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Decided(Message):
    state: str


_ENQUEUE = """
    INSERT INTO delivery.outbox
        (id, channel, address, condition, template, context, next_attempt_at, created_at)
    VALUES (%(id)s, %(channel)s, %(address)s, %(condition)s, %(template)s, %(context)s, %(now)s, %(now)s)
"""
_HOLDS = """
    (o.condition = 'always' OR (o.condition = 'if_account') = EXISTS (
        SELECT FROM auth.users AS u WHERE u.email = o.address AND u.status IN ('active', 'locked')))
"""
_CLAIM = f"""
    WITH due AS (
        SELECT id FROM delivery.outbox WHERE state = 'waiting' AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ), decided AS (
        SELECT o.id, {_HOLDS} AS holds FROM delivery.outbox AS o JOIN due USING (id)
    )
    UPDATE delivery.outbox AS o SET
        state = CASE WHEN holds THEN 'waiting' ELSE 'dropped' END,
        finished_at = CASE WHEN holds THEN NULL ELSE %(now)s END,
        context = CASE WHEN holds THEN context ELSE '' END,
        attempts = attempts + holds::int,
        next_attempt_at = %(until)s
    FROM decided WHERE o.id = decided.id
    RETURNING o.id, channel, address, condition, template, context, attempts, created_at, state
"""
_FINISH = """
    UPDATE delivery.outbox SET state = 'sent', finished_at = %(now)s, last_error = NULL,
        context = CASE WHEN %(keep)s THEN context ELSE '' END
    WHERE id = %(id)s AND attempts = %(attempt)s AND state = 'waiting'
"""
_RETRY = """
    UPDATE delivery.outbox SET last_error = %(error)s, next_attempt_at = %(again)s
    WHERE id = %(id)s AND attempts = %(attempt)s AND state = 'waiting'
"""
_BURY = """
    UPDATE delivery.outbox SET state = 'dead', finished_at = %(now)s, last_error = %(error)s, context = ''
    WHERE id = %(id)s AND attempts = %(attempt)s AND state = 'waiting'
"""
_RECENT = f"""
    SELECT id, address, template, context, state, attempts, last_error, created_at, finished_at
    FROM delivery.outbox AS o WHERE state <> 'dropped' AND (state <> 'waiting' OR {_HOLDS})
    ORDER BY created_at DESC, id LIMIT %s
"""
_COUNTS = "SELECT state, count(*)::int FROM delivery.outbox GROUP BY state"


async def enqueue(
    connection: Connection,
    message_id: UUID,
    *,
    address: str,
    condition: str,
    template: str,
    context: bytes,
    now: datetime,
    channel: str = "email",
) -> None:
    """A letter that leaves when the transaction has been committed."""
    values = {
        "id": message_id,
        "channel": channel,
        "address": address,
        "condition": condition,
        "template": template,
        "context": context,
        "now": now,
    }
    await connection.execute(_ENQUEUE, values)


async def claim(connection: Connection, *, most: int, lease_s: float, now: datetime) -> Claim:
    """Take letters that are due, the oldest first, and drop those whose condition does not hold.

    They are the caller's until the lease ends, and nobody waits for those that another is taking. Commit
    before anything is sent.
    """
    values = {"most": most, "now": now, "until": now + timedelta(seconds=lease_s)}
    decided = await many(connection, _Decided, _CLAIM, values)
    messages: list[Message] = [each for each in decided if each.state == "waiting"]
    return Claim(sorted(messages, key=lambda each: each.created_at), len(decided))


async def finish(
    connection: Connection, message_id: UUID, *, attempt: int, now: datetime, keep: bool = False
) -> bool:
    """It has left; what it said is forgotten unless kept. False where another has claimed it since."""
    values = {"id": message_id, "attempt": attempt, "now": now, "keep": keep}
    return await changed(connection, _FINISH, values) == 1


async def retry(
    connection: Connection,
    message_id: UUID,
    *,
    attempt: int,
    error: str,
    now: datetime,
    most_attempts: int = MOST_ATTEMPTS,
) -> str:
    """It did not leave: its state now, "waiting" or "dead"; "" where another has claimed it since."""
    if attempt >= most_attempts:
        buried = await bury(connection, message_id, attempt=attempt, error=error, now=now)
        return "dead" if buried else ""
    again = now + timedelta(seconds=pause_s(attempt))
    values = {"id": message_id, "attempt": attempt, "error": error[:MOST_ERROR], "again": again}
    return "waiting" if await changed(connection, _RETRY, values) else ""


async def bury(
    connection: Connection, message_id: UUID, *, attempt: int, error: str, now: datetime
) -> bool:
    """It never will leave; what it said is forgotten. False where another has claimed it since."""
    values = {"id": message_id, "attempt": attempt, "error": error[:MOST_ERROR], "now": now}
    return await changed(connection, _BURY, values) == 1


async def recent(connection: Connection, *, limit: int) -> list[Entry]:
    """The newest letters first; without those that nobody gets, because their condition does not hold."""
    return await many(connection, Entry, _RECENT, (limit,))


async def counts(connection: Connection) -> Mapping[str, int]:
    """How many letters there are of each state that any is in."""
    cursor = await connection.execute(_COUNTS)
    return dict(await cursor.fetchall())


def pause_s(attempt: int) -> int:
    """How long to wait after that many attempts, in seconds."""
    return int(min(RETRY_AFTER_S * 2.0 ** (attempt - 1), RETRY_WITHIN_S))
