"""The stand-ins of a run on its own: every call is granted, no gap is known, nothing is wanted."""

from connectors.services import Services
from market.quotas import Budget
from market.sources import Feed
from tests.connectors.support import NOW_US

BUDGET = Budget("fixer", "none", ())


async def test_every_call_is_granted() -> None:
    ledger = Services().ledger
    await ledger.block(BUDGET, NOW_US)
    await ledger.note(BUDGET, "ok")
    assert (await ledger.take(BUDGET, spread=False)).granted


async def test_no_gap_is_known_and_nothing_is_wanted() -> None:
    services = Services()
    await services.gaps.asked(1)
    await services.gaps.lost(1)
    assert await services.gaps.open("kraken", Feed.SIMULATED) == []
    assert await services.wants.wanted() == {}
