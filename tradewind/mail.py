"""`tradewind deliver`: takes letters from the outbox to the mail server, and keeps accounts in order."""

import asyncio
import threading

import structlog

from delivery.email import EmailChannel
from delivery.relay import Relay
from delivery.senders import sender_of
from delivery.smtp import smtp_server
from market.clock import datetime_of, system_clock
from storage.errors import StorageError
from storage.identity.pruning import prune
from storage.pools import WritePool
from tradewind.lifetime import set_when, stop_requested
from tradewind.master_keys import key_ring
from tradewind.settings import PREFIX, Settings

PRUNE_INTERVAL_S = 3_600.0
SOON_S = 10.0
"""After a failure."""

log = structlog.get_logger(__name__)


def run_deliver(settings: Settings) -> int:
    """Deliver mail until told to stop; the exit status.

    Without a mail server letters are shown on the page of this machine, or wait where there is none.
    """
    asyncio.run(_run(settings, stop_requested()))
    return 0


async def _run(settings: Settings, requested: threading.Event) -> None:
    stop = asyncio.Event()
    set_when(requested, stop)
    pool = WritePool(settings.database(), size=4)
    pruning = asyncio.create_task(_prune(pool))
    try:
        await _deliver(settings, pool, stop)
    finally:
        pruning.cancel()
        await asyncio.gather(pruning, return_exceptions=True)
        await pool.close()


async def _deliver(settings: Settings, pool: WritePool, stop: asyncio.Event) -> None:
    ring = key_ring(settings)
    if settings.smtp_url is None and not settings.mail_shown:
        log.warning(f"mail waits: no {PREFIX}SMTP_URL is set, and nobody else's page may show it")
        await stop.wait()
    else:
        await Relay(pool, ring, mail_channel(settings)).run(stop)


def mail_channel(settings: Settings) -> EmailChannel | None:
    """The way to the mail server of the settings; None where there is none."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    server = smtp_server(settings.smtp_url.get_secret_value())
    return EmailChannel(server, sender_of(settings.mail_from))


async def _prune(pool: WritePool) -> None:
    """End what has been kept long enough of accounts and their mail, now and every hour."""
    while True:
        wait_s = SOON_S
        try:
            pruned = await prune(pool, now=datetime_of(system_clock()))
            log.info("pruned", what=str(pruned))
            wait_s = PRUNE_INTERVAL_S
        except StorageError as error:
            log.warning("pruning waits for the database", reason=str(error))
        except Exception:  # the task's own loop: what failed is tried again at the next turn
            log.exception("pruning failed")
        await asyncio.sleep(wait_s)
