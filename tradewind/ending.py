"""The end of what is old, beside a flow: every plan has a flow that stores, whatever its feed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from storage.errors import DatabaseUnavailableError
from storage.keeping import Keeping
from storage.upkeep import end_old

INTERVAL_S = 3_600.0
SOON_S = 10.0
"""After a failure."""

log = structlog.get_logger(__name__)


@contextmanager
def old_ended(
    database_url: str, keeping: Keeping, *, interval_s: float = INTERVAL_S
) -> Iterator[None]:
    """Have what is old ended for the time of the block, of every feed class, now and every interval.

    At its end nothing is waited for: to be killed at work does no harm.
    """
    ended = threading.Event()
    arguments = (database_url, keeping, interval_s, ended)
    threading.Thread(target=_keep, args=arguments, name="ending", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _keep(database_url: str, keeping: Keeping, interval_s: float, ended: threading.Event) -> None:
    wait_s = 0.0
    while not ended.wait(wait_s):
        wait_s = min(SOON_S, interval_s)
        try:
            end_old(database_url, keeping)
            wait_s = interval_s
        except DatabaseUnavailableError as error:
            log.warning("the end of what is old waits for the database", reason=str(error))
        except Exception:  # the thread's own loop: what failed is tried again at the next turn
            log.exception("the end of what is old failed")
