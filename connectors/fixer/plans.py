"""Fixer's plans and its two front doors.

A plan is named free, basic, professional or professional_plus for data.fixer.io; "gateway" before it
(`gateway`, `gateway_professional`) is the same plan behind api.apilayer.com. A name that nobody knows
is taken for the free plan, the narrowest: it never costs more than what was bought.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.connector import Access
from market.quotas import Limit, Period

GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan holds. `every_s` is how often its rates change."""

    limit: Limit
    every_s: float
    any_base: bool = True
    historical: bool = True
    timeseries: bool = False


_FREE = Plan(Limit(100, Period.MONTH), 3_600.0, any_base=False, historical=False)
"""Sources differ on whether it holds `historical`; a hundred calls are for what is new."""

PLANS: Mapping[str, Plan] = {
    "free": _FREE,
    "basic": Plan(Limit(10_000, Period.MONTH), 3_600.0),
    "professional": Plan(Limit(100_000, Period.MONTH), 600.0, timeseries=True),
    "professional_plus": Plan(Limit(500_000, Period.MONTH), 60.0, timeseries=True),
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where the endpoints are, and how the key is shown there: as a parameter, or as a header."""

    root: str
    parameter: str | None
    header: str | None


def plan_of(access: Access) -> Plan:
    """The plan of an access, whichever door it goes through."""
    name = access.plan.replace(" ", "_").replace("-", "_")
    return PLANS.get(name.removeprefix(GATEWAY).lstrip("_") or "free", _FREE)


def door_of(access: Access) -> Door:
    """The door of an access. Whether it is HTTP or HTTPS is its `rest_url`'s."""
    if access.plan.startswith(GATEWAY):
        return Door(f"{access.rest_url}/fixer", None, "apikey")
    return Door(f"{access.rest_url}/api", "access_key", None)
