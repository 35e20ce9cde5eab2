"""The readers' bounded pool of database connections.

The connection used last is used next, and nothing happens in the background: a connection is opened
when it is needed, so that a database that comes back is found by the next request.
"""

import asyncio
import select
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import AsyncConnection, BaseConnection
from psycopg.pq import TransactionStatus

from storage.errors import DatabaseUnavailableError, StorageError

Connection = AsyncConnection[tuple[Any, ...]]

POOL_SIZE = 8
ANSWER_WITHIN_S = 1.8
"""Waiting for a connection, opening it and the statement together."""
STATEMENT_TIMEOUT_MS = 1_500
"""Shorter than the above, so that a slow statement is told from a dead database."""
CONNECT_TIMEOUT_S = 2

_SESSION = (
    "SELECT set_config('default_transaction_read_only', 'on', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('jit', 'off', false),"  # compiling costs more than these statements run
    " set_config('work_mem', '32MB', false),"  # so that no sort of one answer goes to disk
    f" set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', false)"
)
_P = ParamSpec("_P")
_T = TypeVar("_T")


class QueryTimeoutError(StorageError):
    """A statement that was given up because it took too long."""

    def __init__(self, limit_ms: int) -> None:
        super().__init__(limit_ms)
        self.limit_ms = limit_ms

    def __str__(self) -> str:
        return f"the statement took longer than {self.limit_ms} ms"


class ReadPool:
    """At most `size` connections, read-only and in UTC, each statement its own transaction."""

    def __init__(
        self, url: str, *, size: int = POOL_SIZE, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._url = url
        self._answer_within_s = answer_within_s
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._running: set[asyncio.Task[Any]] = set()

    async def read(
        self,
        statement: Callable[Concatenate[Connection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """What `statement(connection, *args, **kwargs)` returns.

        DatabaseUnavailableError when there is no answer in time, however the database died;
        QueryTimeoutError when the statement itself is what takes long.
        """
        task = asyncio.ensure_future(self._run(statement, *args, **kwargs))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._answer_within_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            # Not awaited: a server that is stopped, not dead, would hold up its own cancellation.
            task.cancel()
            raise DatabaseUnavailableError(f"no answer in {self._answer_within_s} s")
        return task.result()

    async def close(self) -> None:
        """Close every connection; what still runs is given up."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1.0)
        while self._idle:
            await self._idle.pop().close()

    async def _run(
        self,
        statement: Callable[Concatenate[Connection, _P], Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        async with self._slots:
            with translated_errors(STATEMENT_TIMEOUT_MS):
                connection = await self._take()
                try:
                    return await statement(connection, *args, **kwargs)
                finally:
                    self._give_back(connection)

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if is_alive(connection):
                return connection
            await connection.close()
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
        await connection.execute(_SESSION)
        return connection

    def _give_back(self, connection: Connection) -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.pgconn.finish()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody waits for a task that was given up


@contextmanager
def translated_errors(limit_ms: int) -> Iterator[None]:
    """Raise what psycopg raises for a database that is away, or a statement given up, as our errors."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise DatabaseUnavailableError("it has not been migrated") from error
    except psycopg.errors.QueryCanceled as error:
        raise QueryTimeoutError(limit_ms) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseUnavailableError(str(error).strip()) from error


def is_alive(connection: BaseConnection[Any]) -> bool:
    """Whether an idle connection is still good: a server that went away has left an end of file.

    Costs a system call where asking the server would cost a round trip.
    """
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
