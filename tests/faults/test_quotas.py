"""Small plans, asked by two processes at once while the provider fails: no quota is exceeded."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from connectors.config import FeedsConfig
from connectors.feeds import run
from connectors.providers import PROVIDERS
from connectors.sandbox.server import Running, running
from connectors.services import Services
from market.clock import system_clock
from market.instruments import CATALOGUE
from market.quotas import Period
from storage.quotas import QuotaLedger
from tests.connectors.support import MemoryLog

PLANS = {
    "alphavantage": "premium75",
    "coingecko": "demo",
    "fixer": "free",
    "openexchangerates": "free",
}
KEY = "canary-4711"
WITNESS = "binance-simulated-0"
GOES_ON = 100
"""Records of a witness that come while a quota is used up."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


def config(server: Running) -> FeedsConfig:
    """Small plans, asked as often as they let us."""
    whole = FeedsConfig.sandbox(server.http_url)
    access = {
        name: replace(
            whole.access[name],
            rest_url=whole.access[name].rest_url.removesuffix("/pro"),
            key=KEY,
            plan=PLANS.get(name, "free"),
        )
        for name in (*PLANS, "binance")
    }
    return replace(whole, access=access, brisk_s=0.05)


@contextlib.asynccontextmanager
async def process(config: FeedsConfig, log: MemoryLog, ledger: QuotaLedger) -> AsyncIterator[None]:
    """Feeds with a ledger of their own, as those of another process."""

    async def covered() -> Mapping[int, int]:
        return {each.id: system_clock() for each in CATALOGUE}

    stop = asyncio.Event()
    task = asyncio.create_task(run(config, log, covered, stop, services=Services(ledger)))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task
        await ledger.close()


async def test_no_plan_is_exceeded_whatever_fails(
    sandbox: Running, database_url: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    feeds, log = config(sandbox), MemoryLog()
    for provider in PLANS:
        sandbox.world.faults.set(provider, "http_500", times=2)
        sandbox.world.faults.set(provider, "hangup", times=2)
    calls = sandbox.world.calls
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            ledger = QuotaLedger(database_url, redis_url)
            await stack.enter_async_context(process(feeds, log, ledger))
        await log.until(lambda _: calls.total("alphavantage") >= 75)
        seen = log.counts[WITNESS]
        await log.until(lambda _: log.counts[WITNESS] >= seen + GOES_ON)
    assert calls.total("alphavantage") == 75
    for provider, access in feeds.access.items():
        endpoint = PROVIDERS[provider](access, CATALOGUE).endpoint
        assert endpoint is not None
        assert calls.total(provider) > 0
        for limit in endpoint.limits:
            if limit.period in (Period.MONTH, Period.MINUTE):
                assert calls.total(provider) <= limit.calls, f"{provider}: {limit}"
    assert KEY not in caplog.text
