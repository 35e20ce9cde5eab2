"""What `doctor` asks of the providers, out of the ledger that calls were entered in."""

from typing import Any

import psycopg
import pytest

from market.quotas import Budget, Limit, Period
from storage.errors import DatabaseUnavailableError
from storage.provider_census import ProviderState, provider_census
from storage.quotas import QuotaLedger
from tests.api.harness import NOWHERE
from tests.connectors.support import Hands

FREE = Budget("alphavantage", "ab", (Limit(25, Period.DAY), Limit(1, Period.SECOND)))
DEMO = Budget("coingecko", "cd", (Limit(100, Period.MINUTE), Limit(10_000, Period.MONTH)))


async def test_what_was_used_and_how_it_went(database_url: str, redis_url: str) -> None:
    hands = Hands()
    ledger = QuotaLedger(database_url, redis_url, clock=hands.clock)
    start_us = hands.now_us
    await ledger.take(FREE)
    await ledger.note(FREE, "ok")
    await ledger.take(DEMO, spread=False)
    await ledger.note(DEMO, "coingecko: too many calls at once, again in 53 s")
    await ledger.block(DEMO, start_us + 53_000_000)
    await ledger.close()
    used = {Period.MINUTE: 0, Period.DAY: 1, Period.MONTH: 0}
    paced_us = start_us + 43_200_000_000 // 25
    free, demo = provider_census(database_url, start_us + 1)
    assert free == ProviderState(
        "alphavantage", "ab", FREE.limits, used, start_us, None, "", None, paced_us
    )
    assert (demo.used[Period.MINUTE], demo.used[Period.MONTH]) == (1, 1)
    assert (demo.last_success_us, demo.last_failure_us) == (None, start_us)
    assert demo.last_failure.endswith("again in 53 s")
    assert demo.blocked_us == demo.next_us == start_us + 53_000_000
    later = provider_census(database_url, start_us + 86_400_000_000)
    assert [each.used[Period.DAY] for each in later] == [0, 0]
    assert (later[0].next_us, later[1].blocked_us) == (None, None)


async def test_a_database_of_before_is_told(
    connection: psycopg.Connection[Any], database_url: str
) -> None:
    connection.execute("DROP TABLE market.provider_states")
    with pytest.raises(DatabaseUnavailableError, match="not been migrated"):
        provider_census(database_url, 0)
    with pytest.raises(DatabaseUnavailableError):
        provider_census(NOWHERE, 0)
