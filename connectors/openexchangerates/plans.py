"""Open Exchange Rates' plans: how many calls, how often there is something new, which bases."""

from collections.abc import Mapping
from dataclasses import dataclass

from market.quotas import Limit, Period


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan holds. `every_s` is how often its rates change."""

    limits: tuple[Limit, ...]
    every_s: float
    any_base: bool = True


FREE = Plan((Limit(1_000, Period.MONTH),), 3_600.0, any_base=False)

PLANS: Mapping[str, Plan] = {
    "free": FREE,
    "developer": Plan((Limit(10_000, Period.MONTH),), 3_600.0),
    "enterprise": Plan((Limit(100_000, Period.MONTH),), 1_800.0),
    "unlimited": Plan((), 300.0),
}


def plan_of(name: str) -> Plan:
    """The plan of that name; the free plan, the narrowest, for a name that nobody knows."""
    return PLANS.get(name, FREE)
