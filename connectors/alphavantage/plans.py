"""Alpha Vantage's plans: what each may ask, and how often."""

import re
from dataclasses import dataclass

from connectors.alphavantage.fields import PROVIDER
from connectors.alphavantage.quotes import DELAYED
from connectors.alphavantage.requests import REALTIME
from connectors.errors import UnknownAtProviderError
from market.quotas import Limit, Period

FREE_CALLS_A_DAY = 25
SLOWEST_PREMIUM = 75
"""Calls a minute of the smallest premium plan."""
RATE_EVERY_S = 60.0

_PREMIUM = re.compile(r"premium(\d{1,6})?(-delayed)?", re.ASCII)
_NAMES = "plans are free, premium75 (also 150, 300, 600, 1200; or premium75-delayed), rapidapi"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan allows. `entitlement` is what it gives of US stocks, "" for the day's end.

    `rate_every_s`: how often an exchange rate is asked for at most.
    """

    premium: bool
    limits: tuple[Limit, ...]
    entitlement: str = ""
    rate_every_s: float = RATE_EVERY_S
    by_rapidapi: bool = False


_FREE_LIMITS = (Limit(FREE_CALLS_A_DAY, Period.DAY), Limit(1, Period.SECOND))


def plan_of(name: str) -> Plan:
    """The plan of a name; UnknownAtProviderError where there is none.

    A larger premium plan asks for exchange rates more often, in proportion, up to once a second.
    """
    if name in ("free", "rapidapi"):
        return Plan(False, _FREE_LIMITS, by_rapidapi=name == "rapidapi")
    match = _PREMIUM.fullmatch(name)
    calls = 0 if match is None else int(match[1] or SLOWEST_PREMIUM)
    if match is None or calls == 0:
        raise UnknownAtProviderError(PROVIDER, f"the plan {name}", _NAMES)
    return Plan(
        premium=True,
        limits=(Limit(calls, Period.MINUTE),),
        entitlement=DELAYED if match[2] else REALTIME,
        rate_every_s=max(1.0, RATE_EVERY_S * SLOWEST_PREMIUM / calls),
    )
