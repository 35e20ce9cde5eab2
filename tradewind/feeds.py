"""Production wiring of the connectors: into the inbox, with the upkeep of what grows."""

import asyncio
import contextlib
import threading
from collections.abc import Mapping

import structlog

from connectors.feeds import run
from storage.candles import covered_until
from storage.inbox import Inbox
from storage.upkeep import keep_up
from tradewind.connections import feeds_config
from tradewind.lifetime import stop_requested
from tradewind.settings import Settings

UPKEEP_INTERVAL_S = 600.0

log = structlog.get_logger(__name__)


def run_feeds(settings: Settings) -> int:
    """Run the connectors of the chosen feed until told to stop; the exit status."""
    asyncio.run(_run(settings, stop_requested()))
    return 0


async def _run(settings: Settings, requested: threading.Event) -> None:
    stop = asyncio.Event()
    _set_when(requested, stop)
    inbox = Inbox(settings.database(), settings.run_directory())
    upkeep = asyncio.create_task(_upkeep(settings))
    try:
        await run(feeds_config(settings), inbox, lambda: _covered(settings), stop)
    finally:
        upkeep.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await upkeep
        await inbox.close()


def _set_when(requested: threading.Event, stop: asyncio.Event) -> None:
    """Set the loop's event once the process is asked to stop."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        requested.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="stop", daemon=True).start()


async def _covered(settings: Settings) -> Mapping[int, int]:
    return await asyncio.to_thread(covered_until, settings.database(), settings.feed_class)


async def _upkeep(settings: Settings) -> None:
    while True:
        try:
            await asyncio.to_thread(keep_up, settings.database(), settings.feed_class)
        except Exception:  # the upkeep's own loop: what failed is tried again at the next turn
            log.exception("upkeep failed")
        await asyncio.sleep(UPKEEP_INTERVAL_S)
