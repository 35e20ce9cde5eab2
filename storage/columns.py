"""Columns out of the database: a statement's answer as Arrow batches, near the pace of COPY itself.

A bounded pool of read-only connections, each read by a thread of its own (`storage/copy_reading.py`) that
decodes without the interpreter's lock (`storage/copy_decoding.py`). While the consumer has a batch, the
next one is made, and no more: a slow consumer is waited for.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
from psycopg import sql

from storage.copy_decoding import Numbers, RowDecoder, arrow_type
from storage.copy_reading import CopyReading
from storage.errors import DatabaseUnavailableError
from storage.patience import Connection, Patience, connected, executed
from storage.pools import ANSWER_WITHIN_S, is_alive, translated_errors
from storage.waiting import taken

__all__ = ["ColumnQuery", "ColumnReader", "Numbers", "copied", "handed_over"]

BATCH_ROWS = 65_536
TIMEOUT_S = 60.0
"""How long the database may be waited for, over all of an answer."""
READERS = 8

_TRUSTED_S = 1.0
"""How long a connection may have been idle and is not asked whether anybody is there."""
_MAX_STATEMENT_S = 3600
"""For the server, should this process forget a statement: a slow consumer's time counts too."""
_SESSION = sql.SQL(
    "SELECT set_config('default_transaction_read_only', 'on', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('search_path', 'shims, public', false),"  # time_bucket and the like
    " set_config('jit', 'off', false),"
    " set_config('max_parallel_workers_per_gather', '0', false),"  # it would change the order
    " set_config('work_mem', '32MB', false),"
    f" set_config('statement_timeout', '{_MAX_STATEMENT_S}s', false)"
)
_ANYBODY = sql.SQL("SELECT 1")

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ColumnQuery:
    """One statement and the columns that it answers with, in their order.

    COPY takes no parameters: values stand in the statement, by `sql.Literal`. `types` are those of
    PostgreSQL: timestamptz, date, int2, int4, int8, bool, float8, numeric, "char", text.
    """

    statement: sql.Composable
    names: tuple[str, ...]
    types: tuple[str, ...]

    def schema(self, numbers: Numbers = Numbers.FLOAT64) -> pa.Schema:
        """The schema of its batches."""
        pairs = zip(self.names, self.types, strict=True)
        return pa.schema([pa.field(name, arrow_type(type_, numbers)) for name, type_ in pairs])


class ColumnReader:
    """Reads at most `size` answers at once."""

    def __init__(self, database_url: str, *, size: int = READERS) -> None:
        self._url = database_url
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._threads = ThreadPoolExecutor(size, "columns")
        self._idle: list[tuple[Connection, float]] = []
        """Beside each, when it was used last."""
        self._stops: set[threading.Event] = set()

    async def batches(
        self,
        query: ColumnQuery,
        *,
        numbers: Numbers = Numbers.FLOAT64,
        rows: int = BATCH_ROWS,
        timeout_s: float = TIMEOUT_S,
    ) -> AsyncGenerator[pa.RecordBatch]:
        """The answer in batches of `rows` (fewer where they are wide); none where it is empty.

        Close it (`aclose`) if you leave before its end: the statement is cancelled. Raises
        DatabaseUnavailableError, also when no connection is free in time; QueryTimeoutError;
        UnfitValueError for a value that the columns cannot hold.
        """
        overdue = DatabaseUnavailableError(f"all {self._size} readers are taken")
        left_s = await taken(self._slots, ANSWER_WITHIN_S, overdue)
        stop = threading.Event()
        self._stops.add(stop)
        answer = self._answer(query, numbers, rows, timeout_s, left_s, stop)
        try:
            async with contextlib.aclosing(handed_over(answer, self._threads, stop)) as found:
                async for batch in found:
                    yield batch
        finally:
            self._stops.discard(stop)
            self._slots.release()

    async def table(
        self,
        query: ColumnQuery,
        *,
        numbers: Numbers = Numbers.FLOAT64,
        timeout_s: float = TIMEOUT_S,
    ) -> pa.Table:
        """The whole answer, for one that is known to be small. Raises as `batches`."""
        found = self.batches(query, numbers=numbers, timeout_s=timeout_s)
        async with contextlib.aclosing(found) as batches:
            parts = [batch async for batch in batches]
        return pa.Table.from_batches(parts, schema=query.schema(numbers))

    async def close(self) -> None:
        """Give up what still runs, and close every connection."""
        for stop in self._stops:
            stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._idle:
            self._idle.pop()[0].close()

    def _answer(
        self,
        query: ColumnQuery,
        numbers: Numbers,
        rows: int,
        timeout_s: float,
        connected_within_s: float,
        stop: threading.Event,
    ) -> Generator[pa.RecordBatch]:
        """What a thread runs: a connection is taken, read, and given back."""
        overdue = DatabaseUnavailableError(f"no answer in {ANSWER_WITHIN_S} s")
        with translated_errors(int(timeout_s * 1000)):
            connection = self._take(Patience(connected_within_s, stop, overdue))
        try:
            yield from copied(
                connection, query, numbers=numbers, rows=rows, timeout_s=timeout_s, stop=stop
            )
        finally:
            if not connection.closed:
                self._idle.append((connection, time.monotonic()))

    def _take(self, patience: Patience) -> Connection:
        """A connection whose server answers, before a long statement is waited for."""
        while self._idle:
            connection, used_s = self._idle.pop()
            if is_alive(connection):
                if time.monotonic() - used_s > _TRUSTED_S:
                    _ask(connection, _ANYBODY, patience)
                return connection
            connection.close()
        connection = connected(self._url, patience)
        _ask(connection, _SESSION, patience)
        return connection


def _ask(connection: Connection, statement: sql.SQL, patience: Patience) -> None:
    """Have it answer, or close it."""
    try:
        executed(connection, statement, patience)
    except BaseException:
        connection.close()
        raise


def copied(
    connection: Connection,
    query: ColumnQuery,
    *,
    numbers: Numbers = Numbers.FLOAT64,
    rows: int = BATCH_ROWS,
    timeout_s: float = TIMEOUT_S,
    stop: threading.Event,
) -> Generator[pa.RecordBatch]:
    """The answer in batches, read from one's own connection by the thread that asks for them.

    `stop` ends a wait with StoppedError. A connection that is left before the end of the answer
    is closed. Raises as `ColumnReader.batches`, and psycopg's own errors for a statement that is wrong.
    """
    decoder = RowDecoder(query.schema(numbers), query.types)
    reading = CopyReading(connection, query.statement, timeout_s, stop)
    try:
        while True:
            with translated_errors(int(timeout_s * 1000)):
                piece, count = reading.piece(rows)
            if not count:
                return
            yield decoder.decode(piece, count)
    finally:
        reading.close()


async def handed_over(
    items: Generator[_Item], threads: Executor, stop: threading.Event
) -> AsyncGenerator[_Item]:
    """The items of a generator that blocks: each made in a thread while the one before it is used.

    Closing it, or cancelling who reads it, sets `stop` and closes the generator in a thread.
    """
    loop = asyncio.get_running_loop()
    ahead = loop.run_in_executor(threads, next, items, None)
    try:
        while (item := await asyncio.shield(ahead)) is not None:
            ahead = loop.run_in_executor(threads, next, items, None)
            yield item
    finally:
        stop.set()
        leaving = asyncio.ensure_future(_leave(items, ahead, threads))
        _leavings.add(leaving)
        leaving.add_done_callback(_leavings.discard)
        await asyncio.shield(leaving)


_leavings: set[asyncio.Task[None]] = set()
"""So that none is collected before it is done."""


async def _leave(
    items: Generator[_Item], ahead: "asyncio.Future[_Item | None]", threads: Executor
) -> None:
    await asyncio.gather(ahead, return_exceptions=True)
    with contextlib.suppress(RuntimeError):  # the threads are closed: the generator ends with them
        await asyncio.get_running_loop().run_in_executor(threads, items.close)
