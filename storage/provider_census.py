"""What `doctor` asks of the providers: their limits, what is used of them, and how calls went."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg

from market.clock import datetime_of, microseconds
from market.quotas import Limit, Period
from storage.errors import DatabaseUnavailableError
from storage.quota_rules import limits_of

CONNECT_TIMEOUT_S = 2

_STATES = """
SELECT provider, key, limits, last_success_at, last_failure_at, coalesce(last_failure, ''),
    blocked_until, greatest(next_call_at, paced_until, blocked_until)
FROM market.provider_states ORDER BY provider, key
"""
_CALLS = """
SELECT provider, key, period, calls FROM market.provider_calls
WHERE (period, started_at) IN (SELECT * FROM unnest(%s::text[], %s::timestamptz[]))
"""


@dataclass(frozen=True, slots=True)
class ProviderState:
    """One key at one provider. Instants are µs since 1970; None: never, or not any more.

    `used` are the calls of the current minute, day and month, by the limit's period.
    """

    provider: str
    key: str
    limits: tuple[Limit, ...]
    used: Mapping[Period, int]
    last_success_us: int | None
    last_failure_us: int | None
    last_failure: str
    blocked_us: int | None
    next_us: int | None


def provider_census(url: str, now_us: int) -> list[ProviderState]:
    """Every provider that was ever asked; DatabaseUnavailableError where the database does not answer."""
    periods = [period for period in Period if period is not Period.SECOND]
    starts = [datetime_of(period.around(now_us)[0]) for period in periods]
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            states = connection.execute(_STATES).fetchall()
            counted = connection.execute(_CALLS, ([str(each) for each in periods], starts))
            calls = {(row[0], row[1], row[2]): row[3] for row in counted}
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(str(error).strip()) from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise DatabaseUnavailableError("it has not been migrated") from error
    found = []
    for provider, key, limits, *rest in states:
        succeeded, failed, failure, blocked, following = rest
        found.append(
            ProviderState(
                provider,
                key,
                limits_of(limits),
                {each: calls.get((provider, key, each.value), 0) for each in periods},
                _us(succeeded),
                _us(failed),
                failure,
                _ahead(_us(blocked), now_us),
                _ahead(_us(following), now_us),
            )
        )
    return found


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _ahead(time_us: int | None, now_us: int) -> int | None:
    return time_us if time_us is not None and time_us > now_us else None
