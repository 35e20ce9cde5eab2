"""The ledger of quotas in PostgreSQL: each call is entered before it is made, so that none comes back.

A budget's row in `provider_states` is locked for as long as one of its calls is entered: all processes
take their calls one after another, and a standing that was read there stays true to the commit.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from market.clock import Clock, datetime_of, microseconds, system_clock
from market.quotas import Budget
from storage.errors import DatabaseUnavailableError
from storage.quota_rules import (
    MINUTE_US,
    SLACK_US,
    Count,
    Standing,
    alone_until_us,
    buckets,
    exhausted_until_us,
    limits_text,
    paced_us,
)

ANSWER_WITHIN_S = 2.0
ENTERED_WITHIN_US = SLACK_US // 2
MADE_WITHIN_US = SLACK_US * 4 // 5
"""So long after a window counted a call it is entered, and made, at the latest: what is left of the slack
is for its way to the provider."""
FAILURE_LENGTH = 500
"""How much of a failure's text is kept."""
MINUTES_KEPT_US = 60 * MINUTE_US

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """A call that was entered; or one that was not, because of `until_us`, or because it is `stale`:
    what granted it has been filled anew since, or too much time has passed."""

    until_us: int = 0
    stale: bool = False


class QuotaBook:
    """One connection, opened when it is needed. Every method raises DatabaseUnavailableError."""

    def __init__(self, database_url: str, *, clock: Clock = system_clock) -> None:
        self._database_url = database_url
        self._clock = clock
        self._connection: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def enter(
        self,
        budget: Budget,
        counted: Sequence[Count],
        now_us: int,
        *,
        spread: bool,
        generation: int | None,
    ) -> Entered:
        """Enter a call that the windows of this generation granted; None: there are none to ask.

        Without windows the rules are stricter, and what windows there may be are made stale.
        """
        hurried = any(each.window_us is not None for each in counted)
        async with self._transaction(budget) as connection:
            standing = await _standing(connection, budget, now_us)
            if generation is None:
                until_us = alone_until_us(counted, standing, now_us, spread=spread)
            elif generation != standing.generation:
                return Entered(stale=True)
            else:
                until_us = exhausted_until_us(counted, standing, now_us)
            if until_us:
                return Entered(until_us)
            await _enter(connection, budget, buckets(counted, now_us))
            await _move(connection, budget, standing, now_us, spread, alone=generation is None)
            late = hurried and self._clock() > now_us + ENTERED_WITHIN_US
            if late:
                raise psycopg.Rollback  # so that the call is not lost
        return Entered(stale=late or (hurried and self._clock() > now_us + MADE_WITHIN_US))

    async def refill(self, budget: Budget, now_us: int) -> Standing:
        """What the windows are to be filled with. What older ones granted is not entered any more."""
        async with self._transaction(budget) as connection:
            await connection.execute(
                "UPDATE market.provider_states SET generation = generation + 1, limits = %s"
                " WHERE provider = %s AND key = %s",
                (limits_text(budget), budget.provider, budget.key),
            )
            return await _standing(connection, budget, now_us)

    async def block(self, budget: Budget, until_us: int) -> None:
        """Enter that the provider wants to be left alone until then."""
        async with self._transaction(budget) as connection:
            await connection.execute(
                "UPDATE market.provider_states SET blocked_until = greatest(blocked_until, %s)"
                " WHERE provider = %s AND key = %s",
                (datetime_of(until_us), budget.provider, budget.key),
            )

    async def note(
        self, budget: Budget, now_us: int, failure: str | None, next_us: int | None
    ) -> None:
        """Enter how a call went, None for well, and when the next is planned."""
        now = datetime_of(now_us)
        text = None if failure is None else failure.replace("\0", "\ufffd")[:FAILURE_LENGTH]
        async with self._transaction(budget) as connection:
            await connection.execute(
                "UPDATE market.provider_states SET next_call_at = coalesce(%s, next_call_at),"
                " last_success_at = coalesce(%s, last_success_at),"
                " last_failure_at = coalesce(%s, last_failure_at),"
                " last_failure = coalesce(%s, last_failure) WHERE provider = %s AND key = %s",
                (
                    None if next_us is None else datetime_of(next_us),
                    now if text is None else None,
                    None if text is None else now,
                    text,
                    budget.provider,
                    budget.key,
                ),
            )

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    @asynccontextmanager
    async def _transaction(self, budget: Budget) -> AsyncIterator[Connection]:
        """A transaction that holds the budget's row; its connection does not outlive an error."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    connection = self._connection or await self._connect()
                    async with connection.transaction():
                        await _lock(connection, budget)
                        yield connection
            except BaseException as error:
                self._abandon()
                if isinstance(error, TimeoutError):
                    raise DatabaseUnavailableError(f"no answer in {ANSWER_WITHIN_S} s") from error
                if isinstance(error, psycopg.Error):
                    raise DatabaseUnavailableError(str(error).strip()) from error
                raise

    async def _connect(self) -> Connection:
        self._connection = await psycopg.AsyncConnection.connect(
            self._database_url, autocommit=True, connect_timeout=int(ANSWER_WITHIN_S)
        )
        return self._connection

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None


async def _lock(connection: Connection, budget: Budget) -> None:
    name = budget.provider, budget.key
    query = "SELECT 1 FROM market.provider_states WHERE provider = %s AND key = %s FOR UPDATE"
    found = await (await connection.execute(query, name)).fetchone()
    if found is None:
        await connection.execute(
            "INSERT INTO market.provider_states (provider, key, limits) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (*name, limits_text(budget)),
        )
        await connection.execute(query, name)


async def _standing(connection: Connection, budget: Budget, now_us: int) -> Standing:
    name = budget.provider, budget.key
    state = await connection.execute(
        "SELECT generation, blocked_until, last_call_at, paced_until FROM market.provider_states"
        " WHERE provider = %s AND key = %s",
        name,
    )
    row = await state.fetchone()
    assert row is not None
    starts = {each.period.around(now_us)[0] for each in budget.limits}
    starts |= {start_us - MINUTE_US for start_us in starts}
    rows = await connection.execute(
        "SELECT period, started_at, calls FROM market.provider_calls"
        " WHERE provider = %s AND key = %s AND started_at = ANY(%s)",
        (*name, [datetime_of(start_us) for start_us in starts]),
    )
    used = {(period, microseconds(start)): calls for period, start, calls in await rows.fetchall()}
    generation, blocked, last, paced = row
    return Standing(generation, _us(blocked), _us(last), _us(paced), used)


def _us(moment: datetime | None) -> int:
    return 0 if moment is None else microseconds(moment)


async def _enter(connection: Connection, budget: Budget, rows: Sequence[tuple[str, int]]) -> None:
    if not rows:
        return
    names = [name for name, _ in rows]
    starts = [datetime_of(start_us) for _, start_us in rows]
    await connection.execute(
        "INSERT INTO market.provider_calls AS kept (provider, key, period, started_at, calls)"
        " SELECT %s, %s, period, started_at, 1 FROM unnest(%s::text[], %s::timestamptz[])"
        " AS counted (period, started_at)"
        " ON CONFLICT (provider, key, period, started_at) DO UPDATE SET calls = kept.calls + 1",
        (budget.provider, budget.key, names, starts),
    )


async def _move(
    connection: Connection,
    budget: Budget,
    standing: Standing,
    now_us: int,
    spread: bool,
    *,
    alone: bool,
) -> None:
    """Say when the last call was and when the next spread one may be; forget minutes long past."""
    used = {
        limit.period.value: standing.used.get(
            (limit.period.value, limit.period.around(now_us)[0]), 0
        )
        + 1
        for limit in budget.limits
    }
    paced = paced_us(budget, used, now_us) if spread else standing.paced_us
    name = budget.provider, budget.key
    await connection.execute(
        "UPDATE market.provider_states SET last_call_at = %s, paced_until = %s,"
        " generation = generation + %s, limits = %s WHERE provider = %s AND key = %s",
        (
            datetime_of(now_us),
            datetime_of(paced) if paced else None,
            int(alone),
            limits_text(budget),
            *name,
        ),
    )
    if used.get("minute") == 1:
        await connection.execute(
            "DELETE FROM market.provider_calls WHERE provider = %s AND key = %s"
            " AND period LIKE 'minute%%' AND started_at < %s",
            (*name, datetime_of(now_us - MINUTES_KEPT_US)),
        )
