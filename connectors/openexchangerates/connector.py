"""Open Exchange Rates as a connector: the newest rates of every base of the plan, and a week missed.

The App ID goes as the documented parameter `app_id`, a secret that is never shown; that a header may
carry it is hearsay. The free plan is asked for all currencies of the dollar, as it may not choose them.
What was missed is asked for a day a call: a `time-series` counts every day as a call all the same.
"""

from collections.abc import Mapping, Sequence

from connectors.answers import Request
from connectors.connector import Access, Connector, Endpoint, Poll
from connectors.openexchangerates.checks import PROVIDER, check
from connectors.openexchangerates.plans import plan_of
from connectors.openexchangerates.requests import DOLLAR, historical_request, latest_request
from connectors.rates import days_between, pairs_by_base
from market.instruments import InstrumentTable

HISTORY_DAYS = 7


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """Open Exchange Rates in one configuration."""
    plan = plan_of(access.plan)
    root = f"{access.rest_url}/api"
    bases = {
        base: pairs
        for base, pairs in pairs_by_base(instruments).items()
        if plan.any_base or base == DOLLAR
    }
    codes = {
        base: [pair.quote for pair in pairs] if plan.any_base else []
        for base, pairs in bases.items()
    }

    def history(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return [
            historical_request(root, day, base, codes[base])
            for base, pairs in bases.items()
            for day in days_between(
                min(covered.get(pair.id, 0) for pair in pairs), now_us, HISTORY_DAYS
            )
        ]

    return Connector(
        PROVIDER,
        tuple(pair for pairs in bases.values() for pair in pairs),
        Endpoint(check, secrets={"app_id": access.key or ""}, limits=plan.limits),
        tuple(
            Poll(
                latest_request(root, base, codes[base]),
                frozenset(pair.id for pair in pairs),
                plan.every_s,
            )
            for base, pairs in bases.items()
        ),
        history=history,
    )
