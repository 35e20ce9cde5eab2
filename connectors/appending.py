"""Appending for connectors that may be stopped at any moment: an append that began is finished.

One that waits long is told while it waits: what the connector hears meanwhile piles up.
"""

import asyncio
import logging
from collections.abc import Sequence

from connectors.errors import AppendError
from market.log import LogEntry, LogWriter

FINISH_WITHIN_S = 2.0
"""An append gets so long to end once its connector is stopped."""
SLOW_S = 5.0

log = logging.getLogger(__name__)


class Appender:
    """A LogWriter around another: a cancelled append ends first, a failed one is an AppendError."""

    def __init__(
        self,
        partition: str,
        writer: LogWriter,
        *,
        finish_within_s: float = FINISH_WITHIN_S,
        slow_s: float = SLOW_S,
    ) -> None:
        self._partition = partition
        self._writer = writer
        self._finish_within_s = finish_within_s
        self._slow_s = slow_s

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """See `LogWriter.append`."""
        task = asyncio.ensure_future(self._append(entries))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await self._finish(task)
            raise

    async def _finish(self, task: asyncio.Future[None]) -> None:
        """Wait for an append that began; AppendError where the log does not take it in time."""
        try:
            await asyncio.wait_for(task, self._finish_within_s)
        except TimeoutError as error:
            raise AppendError(self._partition) from error

    async def _append(self, entries: Sequence[LogEntry]) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        telling = loop.call_later(self._slow_s, self._tell)
        try:
            await self._writer.append(entries)
        except Exception as error:  # whatever a log raises, its connector cannot go on
            raise AppendError(self._partition) from error
        finally:
            telling.cancel()
        took_s = loop.time() - began_s
        if took_s >= self._slow_s:
            log.info("the log takes %s again, after %.1f s", self._partition, took_s)

    def _tell(self) -> None:
        log.warning("the log has not taken %s for %g s", self._partition, self._slow_s)
