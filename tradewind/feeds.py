"""Production wiring of the connectors: into the inbox, with the upkeep of the inbox."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from connectors.feeds import run
from connectors.services import Services
from storage.candles import covered_until
from storage.gaps import GapBook
from storage.inbox import Inbox
from storage.quotas import QuotaLedger
from storage.upkeep import keep_up
from storage.wants import Wants
from tradewind.connections import feeds_config
from tradewind.lifetime import set_when, stop_requested
from tradewind.settings import Settings

UPKEEP_INTERVAL_S = 600.0

log = structlog.get_logger(__name__)


def run_feeds(settings: Settings) -> int:
    """Run the connectors of the chosen feed until told to stop; the exit status."""
    asyncio.run(_run(settings, stop_requested()))
    return 0


async def _run(settings: Settings, requested: threading.Event) -> None:
    stop = asyncio.Event()
    set_when(requested, stop)
    inbox = Inbox(settings.database(), settings.run_directory())
    upkeep = asyncio.create_task(_upkeep(settings))
    try:
        async with _services(settings) as services:
            await run(
                feeds_config(settings), inbox, lambda: _covered(settings), stop, services=services
            )
    finally:
        upkeep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upkeep
        await inbox.close()


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    """The quotas, gaps and wants of this installation, for the time of the block."""
    database_url, redis_url = settings.database(), settings.redis()
    ledger, wants = QuotaLedger(database_url, redis_url), Wants(redis_url)
    try:
        yield Services(ledger, GapBook(database_url), wants)
    finally:
        await wants.close()
        await ledger.close()


async def _covered(settings: Settings) -> Mapping[int, int]:
    return await asyncio.to_thread(covered_until, settings.database(), settings.feed_class)


async def _upkeep(settings: Settings) -> None:
    while True:
        try:
            await asyncio.to_thread(keep_up, settings.database(), settings.feed_class)
        except Exception:  # the upkeep's own loop: what failed is tried again at the next turn
            log.exception("upkeep failed")
        await asyncio.sleep(UPKEEP_INTERVAL_S)
