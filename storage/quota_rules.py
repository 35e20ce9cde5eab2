"""The rules of quotas, without any input or output: what is counted where, and when a call may be made.

A budget's limits of a second and a minute are windows that slide over its last calls, half a second
longer than they say: however the provider counts, and however unevenly calls travel, it counts no more.
Days and months are the calendar's, in UTC. Beside the live plan, calls that are not spread have a share
of their own in every limit: half of a second or minute, a tenth of a day or month, but one at least.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from market.quotas import Budget, Limit, Period

SLACK_US = 500_000
"""How much later than another a call may arrive that was made at the same time."""
MINUTE_US = 60_000_000

_WINDOWS_US = {Period.SECOND: 1_000_000 + SLACK_US, Period.MINUTE: MINUTE_US + SLACK_US}
_SHARES = {Period.SECOND: 2, Period.MINUTE: 2, Period.DAY: 10, Period.MONTH: 10}


@dataclass(frozen=True, slots=True)
class Count:
    """One thing that is counted: a limit's calls, or those of them that are not spread.

    `window_us` is how long a window slides; None: the limit is the calendar's.
    """

    name: str
    period: Period
    calls: int
    window_us: int | None

    @property
    def ring(self) -> str:
        """What its window is called; another number of calls is another window."""
        return f"{self.name}/{self.calls}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of a budget; instants are µs since 1970, 0 where there was none.

    `used` are the calls by what is counted and the beginning of its period.
    """

    generation: int = 0
    blocked_us: int = 0
    last_us: int = 0
    paced_us: int = 0
    used: Mapping[tuple[str, int], int] = field(default_factory=dict)


def counts(budget: Budget, *, spread: bool) -> list[Count]:
    """What a call of this budget is counted in: a call that is not spread, in its shares too."""
    found = [_count(limit.period.value, limit, limit.calls) for limit in budget.limits]
    if not spread:
        found += [
            _count(f"{limit.period.value} unspread", limit, share(limit)) for limit in budget.limits
        ]
    return found


def share(limit: Limit) -> int:
    """How many calls of a limit those may take that are not spread."""
    return min(limit.calls, max(1, limit.calls // _SHARES[limit.period]))


def limits_text(budget: Budget) -> str:
    """A budget's limits as a person reads them: "25/day, 1/second"."""
    return ", ".join(f"{limit.calls:,}/{limit.period.value}" for limit in budget.limits)


def limits_of(text: str) -> tuple[Limit, ...]:
    """The limits that `limits_text` wrote."""
    parts = [part.rsplit("/", 1) for part in text.split(", ") if part]
    return tuple(Limit(int(calls.replace(",", "")), Period(period)) for calls, period in parts)


def spacing_us(end_us: int, now_us: int, left: int) -> int:
    """How far the next call is from one made now, so that what is left is spread to the end."""
    return math.ceil((end_us - now_us) / (left + 1))


def paced_us(budget: Budget, used: Mapping[str, int], now_us: int) -> int:
    """When the next spread call may be made after one now, by what is used of each day or month."""
    return max(
        (
            now_us
            + spacing_us(limit.period.around(now_us)[1], now_us, limit.calls - used[limit.period])
            for limit in budget.limits
            if limit.period not in _WINDOWS_US
        ),
        default=0,
    )


def buckets(counted: Sequence[Count], now_us: int) -> list[tuple[str, int]]:
    """The rows of the ledger that one call now is entered in; of seconds it holds the last call only."""
    return [
        (each.name, each.period.around(now_us)[0])
        for each in counted
        if each.period is not Period.SECOND
    ]


def exhausted_until_us(counted: Sequence[Count], standing: Standing, now_us: int) -> int:
    """The end of what holds this call back in the ledger, 0 where nothing does."""
    until_us = standing.blocked_us
    for each in counted:
        start_us, end_us = each.period.around(now_us)
        if each.window_us is None and standing.used.get((each.name, start_us), 0) >= each.calls:
            until_us = max(until_us, end_us)
    return until_us if until_us > now_us else 0


def alone_until_us(
    counted: Sequence[Count], standing: Standing, now_us: int, *, spread: bool
) -> int:
    """The same while there is no Redis, which knows each call of the last minute.

    A second is then given one call, and two minutes half of what one is worth.
    """
    until_us = exhausted_until_us(counted, standing, now_us)
    for each in counted:
        start_us = each.period.around(now_us)[0]
        if each.period is Period.SECOND and each.window_us is not None:
            until_us = max(until_us, min(standing.last_us, now_us) + each.window_us)
        elif each.period is Period.MINUTE:
            before, since = _minutes(each, standing, start_us)
            if before + since >= max(1, each.calls // 2):
                until_us = max(until_us, start_us + MINUTE_US)
    if spread:
        until_us = max(until_us, standing.paced_us)
    return until_us if until_us > now_us else 0


def refilled(each: Count, standing: Standing, now_us: int) -> list[tuple[int, int]]:
    """What a window must have seen, as (calls, at the latest when); never less than it did."""
    last_us = min(standing.last_us, now_us)
    if each.period is Period.SECOND:
        return [(each.calls, last_us)] if last_us else []
    start_us = each.period.around(now_us)[0]
    before, since = _minutes(each, standing, start_us)
    since = min(since, each.calls)
    before = min(before, each.calls - since)
    return [(before, min(start_us, last_us)), (since, last_us)]


def _minutes(each: Count, standing: Standing, start_us: int) -> tuple[int, int]:
    before = standing.used.get((each.name, start_us - MINUTE_US), 0)
    return before, standing.used.get((each.name, start_us), 0)


def _count(name: str, limit: Limit, calls: int) -> Count:
    return Count(name, limit.period, calls, _WINDOWS_US.get(limit.period))
