"""Rollups beside a flow: a thread of the process that writes the minutes has them refreshed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.rollups import refresh

INTERVAL_S = 30.0
"""How far rollups may be behind what was written to them; a reader goes by the minutes meanwhile."""
PIECES = 4
"""Pieces of one refresh: a second or two, after which it is looked whether the flow has ended."""

log = structlog.get_logger(__name__)


@contextmanager
def rollups_kept(
    database_url: str,
    feeds: Sequence[Feed] = tuple(Feed),
    *,
    interval_s: float = INTERVAL_S,
    join_s: float | None = 0.0,
) -> Iterator[None]:
    """Have the rollups of these feeds refreshed for the time of the block, now and every interval.

    Of all feeds, for what a replay that was broken off has left is nobody else's. At the end what is
    under way is waited for so long (None: until it ends); to be killed there does no harm.
    """
    ended = threading.Event()
    arguments = (database_url, feeds, interval_s, ended)
    thread = threading.Thread(target=_keep, args=arguments, name="rollups", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(join_s)


def catch_up(database_url: str, feed: Feed, stop: threading.Event) -> None:
    """Refresh the rollups of a feed until nothing is left, or this process is asked to stop.

    Where another process is at it, that one does.
    """
    while refresh(database_url, feed, pieces=PIECES).more and not stop.is_set():
        pass


def _keep(
    database_url: str, feeds: Sequence[Feed], interval_s: float, ended: threading.Event
) -> None:
    wait_s = 0.0
    while not ended.wait(wait_s):
        wait_s = interval_s
        for feed in feeds:
            try:
                if refresh(database_url, feed, pieces=PIECES).more:
                    wait_s = 0.0
            except DatabaseUnavailableError as error:
                log.warning("rollups wait for the database", feed=feed.value, reason=str(error))
            except Exception:  # the thread's own loop: what failed is tried again at the next turn
                log.exception("refresh of the rollups failed", feed=feed.value)
            if ended.is_set():
                return
