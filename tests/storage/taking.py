"""A process that takes calls as fast as it may and prints when it got one: µs since 1970, a line each.

python -m tests.storage.taking DATABASE_URL REDIS_URL SECONDS LIMIT/PERIOD...
"""

import asyncio
import sys
import time

from market.clock import system_clock
from market.quotas import Budget, Limit, Period
from storage.quotas import QuotaLedger

PAUSE_S = 0.002


def budget_of(limits: list[str]) -> Budget:
    """The budget of limits like 25/day."""
    parts = [text.split("/") for text in limits]
    return Budget(
        "alphavantage", "none", tuple(Limit(int(calls), Period(period)) for calls, period in parts)
    )


async def take_for(database_url: str, redis_url: str, seconds: float, budget: Budget) -> None:
    ledger = QuotaLedger(database_url, redis_url)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        grant = await ledger.take(budget, spread=False)
        if grant.granted:
            print(system_clock(), flush=True)
        else:
            await asyncio.sleep(PAUSE_S)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(take_for(sys.argv[1], sys.argv[2], float(sys.argv[3]), budget_of(sys.argv[4:])))
