"""Appending for connectors that may be stopped at any moment: an append that began is finished."""

import asyncio
from collections.abc import Sequence

from connectors.errors import AppendError
from market.log import LogEntry, LogWriter


class Appender:
    """A LogWriter around another: a cancelled append ends first, a failed one is an AppendError."""

    def __init__(self, partition: str, writer: LogWriter) -> None:
        self._partition = partition
        self._writer = writer

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """See `LogWriter.append`."""
        task = asyncio.ensure_future(self._append(entries))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await task
            raise

    async def _append(self, entries: Sequence[LogEntry]) -> None:
        try:
            await self._writer.append(entries)
        except Exception as error:  # whatever a log raises, its connector cannot go on
            raise AppendError(self._partition) from error
