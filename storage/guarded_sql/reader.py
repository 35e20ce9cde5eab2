"""Answers callers' statements, a few at once: each in a session of its own, watched from outside."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NoReturn

import psycopg
import pyarrow as pa

from market.sources import Feed
from storage.columns import Numbers, copied, handed_over
from storage.errors import DatabaseUnavailableError, StorageError
from storage.guarded_sql.errors import (
    SqlMemoryError,
    SqlNotConfiguredError,
    SqlTimeoutError,
    SqlTooManyRowsError,
)
from storage.guarded_sql.session import guarded_session
from storage.guarded_sql.statements import describe, without_end, wrapped
from storage.guarded_sql.told import told
from storage.guarded_sql.watch import Ended, SessionWatch
from storage.patience import Connection, Patience
from storage.pools import ANSWER_WITHIN_S, QueryTimeoutError
from storage.waiting import taken

NOT_CONFIGURED = (
    "no login is known that may read the views and nothing else: run `tradewind migrate` as one who may"
    " make roles, and set TRADEWIND_QUANT_DATABASE_URL (docs/sql.md)"
)


@dataclass(frozen=True, slots=True)
class SqlBounds:
    """What one statement may take, and how many run at once.

    `work_s` bounds what the database works, `whole_s` the whole of an answer with a slow reader's time.
    """

    work_s: float = 30.0
    whole_s: float = 120.0
    memory_mb: int = 256
    sessions: int = 3


@dataclass(frozen=True, slots=True)
class SqlQuestion:
    """A statement, and how many rows its answer may have."""

    statement: str
    rows: int
    numbers: Numbers = Numbers.FLOAT64


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """The columns, and the rows in batches; close `batches` (`aclose`) if you leave before the end."""

    schema: pa.Schema
    batches: AsyncGenerator[pa.RecordBatch]


class GuardedSql:
    """Runs statements by `quant_url`'s login; `control_url`'s may end its sessions."""

    def __init__(
        self, quant_url: str | None, control_url: str, feed: Feed, bounds: SqlBounds | None = None
    ) -> None:
        self.bounds = bounds or SqlBounds()
        self._quant_url = quant_url
        self._control_url = control_url
        self._feed = feed
        self._slots = asyncio.Semaphore(self.bounds.sessions)
        self._threads = ThreadPoolExecutor(self.bounds.sessions, "sql")
        self._stops: set[threading.Event] = set()

    async def answer(self, question: SqlQuestion) -> SqlAnswer:
        """The answer, of which the columns are known and the rows are still to come.

        Raises a SqlError or DatabaseUnavailableError; so do the batches, which never end well where
        they are not all: SqlTooManyRowsError, SqlTimeoutError, SqlMemoryError.
        """
        if self._quant_url is None:
            raise SqlNotConfiguredError(NOT_CONFIGURED)
        parts = self._parts(self._quant_url, question)
        try:
            schema = await anext(parts)
        except BaseException:
            await parts.aclose()
            raise
        assert isinstance(schema, pa.Schema)
        return SqlAnswer(schema, _batches(parts))

    async def close(self) -> None:
        """Give up what still runs."""
        for stop in self._stops:
            stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _parts(
        self, url: str, question: SqlQuestion
    ) -> AsyncGenerator[pa.Schema | pa.RecordBatch]:
        overdue = DatabaseUnavailableError("all sessions are taken")
        left_s = await taken(self._slots, ANSWER_WITHIN_S, overdue)
        stop = threading.Event()
        self._stops.add(stop)
        found = handed_over(self._run(url, question, left_s, stop), self._threads, stop)
        try:
            async for part in found:
                yield part
        finally:
            await found.aclose()
            self._stops.discard(stop)
            self._slots.release()

    def _run(
        self, url: str, question: SqlQuestion, described_within_s: float, stop: threading.Event
    ) -> Generator[pa.Schema | pa.RecordBatch]:
        """What a thread does: the schema first, then the batches."""
        bounds = self.bounds
        overdue = DatabaseUnavailableError(f"no answer in {ANSWER_WITHIN_S} s")
        patience = Patience(described_within_s, stop, overdue)
        with guarded_session(url, self._feed, bounds.whole_s, patience) as session:
            watch = SessionWatch(
                session, self._control_url, within_s=bounds.whole_s, memory_mb=bounds.memory_mb
            )
            reading = self._read(session, question, patience, stop)
            described = False
            try:
                with watch, contextlib.closing(reading) as parts:
                    for part in parts:
                        described = True
                        yield part
            except (psycopg.Error, StorageError) as error:
                self._tell(error, watch, described=described)

    def _read(
        self,
        session: Connection,
        question: SqlQuestion,
        patience: Patience,
        stop: threading.Event,
    ) -> Generator[pa.Schema | pa.RecordBatch]:
        described = describe(session, question.statement, patience)
        statement = without_end(session, question.statement, patience)
        query = wrapped(statement, described, question.rows + 1)
        yield query.schema(question.numbers)
        left = question.rows
        found = copied(
            session, query, numbers=question.numbers, timeout_s=self.bounds.work_s, stop=stop
        )
        with contextlib.closing(found) as batches:
            for batch in batches:
                left -= batch.num_rows
                if left < 0:
                    raise SqlTooManyRowsError(question.rows)
                yield batch

    def _tell(self, error: Exception, watch: SessionWatch, *, described: bool) -> NoReturn:
        """Raise what an error means to the caller."""
        bounds = self.bounds
        if watch.ended is Ended.TIME:
            raise SqlTimeoutError(bounds.whole_s) from error
        if watch.ended is Ended.MEMORY:
            raise SqlMemoryError(bounds.memory_mb) from error
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error):
            raise told(cause, bounds.memory_mb, bounds.whole_s, wrapped=described) from error
        if isinstance(error, QueryTimeoutError):
            raise SqlTimeoutError(bounds.work_s) from error
        raise error


async def _batches(
    parts: AsyncGenerator[pa.Schema | pa.RecordBatch],
) -> AsyncGenerator[pa.RecordBatch]:
    try:
        async for part in parts:
            assert isinstance(part, pa.RecordBatch)
            yield part
    finally:
        await parts.aclose()
