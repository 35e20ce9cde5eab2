"""Fixer as a connector: the newest rates of every base that the plan holds, and the days missed.

A plan that is bound to the euro is asked for the pairs of the euro: others would be quotients of two
rates of six decimals. What was missed are daily rates, one call for all days where the plan has
`timeseries`, one a day for at most a week where it has `historical`, none on the free plan.
"""

from collections.abc import Mapping, Sequence

from connectors.answers import Request
from connectors.connector import Access, Connector, Endpoint, Poll
from connectors.fixer.checks import PROVIDER, check
from connectors.fixer.plans import Door, Plan, door_of, plan_of
from connectors.fixer.requests import historical_request, latest_request, timeseries_request
from connectors.rates import days_between, pairs_by_base
from market.instruments import Instrument, InstrumentTable

BASE = "EUR"
"""The only base of the free plan."""
SERIES_DAYS = 90
SINGLE_DAYS = 7


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """Fixer in one configuration."""
    plan, door = plan_of(access), door_of(access)
    bases = pairs_by_base(instruments)
    if not plan.any_base:
        bases = {BASE: bases.get(BASE, ())}
    bases = {base: pairs for base, pairs in bases.items() if pairs}

    def history(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return [
            request
            for base, pairs in bases.items()
            for request in _missed(plan, door, base, pairs, covered, now_us)
        ]

    return Connector(
        PROVIDER,
        tuple(pair for pairs in bases.values() for pair in pairs),
        _endpoint(access, plan, door),
        tuple(_poll(plan, door, base, pairs) for base, pairs in bases.items()),
        history=history,
    )


def _endpoint(access: Access, plan: Plan, door: Door) -> Endpoint:
    key = access.key or ""
    return Endpoint(
        check,
        secrets={door.parameter: key} if door.parameter else {},
        headers={door.header: key} if door.header else {},
        limits=(plan.limit,),
    )


def _poll(plan: Plan, door: Door, base: str, pairs: Sequence[Instrument]) -> Poll:
    request = latest_request(door.root, base, [pair.quote for pair in pairs])
    return Poll(request, frozenset(pair.id for pair in pairs), plan.every_s)


def _missed(
    plan: Plan,
    door: Door,
    base: str,
    pairs: Sequence[Instrument],
    covered: Mapping[int, int],
    now_us: int,
) -> list[Request]:
    """What asks for the days of a base that one of its pairs misses."""
    if not plan.historical:
        return []
    since_us = min(covered.get(pair.id, 0) for pair in pairs)
    days = days_between(since_us, now_us, SERIES_DAYS if plan.timeseries else SINGLE_DAYS)
    codes = [pair.quote for pair in pairs]
    if days and plan.timeseries:
        return [timeseries_request(door.root, base, codes, days[0], days[-1])]
    return [historical_request(door.root, base, codes, day) for day in days]
