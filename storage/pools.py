"""Bounded pools of database connections: the readers' and the writers'.

The connection used last is used next, and nothing happens in the background: a connection is opened
when it is needed, so that a database that comes back is found by the next request.
"""

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import AsyncConnection, BaseConnection
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

from storage.errors import DatabaseUnavailableError, StorageError

Connection = AsyncConnection[tuple[Any, ...]]

POOL_SIZE = 8
ANSWER_WITHIN_S = 1.8
"""Waiting for a connection, opening it and the statement together."""
STATEMENT_TIMEOUT_MS = 1_500
"""Shorter than the above, so that a slow statement is told from a dead database."""
IDLE_TIMEOUT_MS = 15_000
"""How long a transaction may do something else than ask the database."""
CONNECT_TIMEOUT_S = 2

_SESSION = (
    "SELECT set_config('default_transaction_read_only', 'on', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('jit', 'off', false),"  # compiling costs more than these statements run
    " set_config('work_mem', '32MB', false),"  # so that no sort of one answer goes to disk
    f" set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', false)"
)
_WRITING_SESSION = (
    "SELECT set_config('TimeZone', 'UTC', false), set_config('jit', 'off', false),"
    f" set_config('statement_timeout', '{STATEMENT_TIMEOUT_MS}', false),"
    # The row locks of a process that stopped in the middle are not held for ever.
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_TIMEOUT_MS}', false)"
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
        try:
            await connection.execute(_SESSION)
        except BaseException:
            connection.pgconn.finish()
            raise
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


class WritePool:
    """At most `size` connections in UTC, each lent for one transaction (READ COMMITTED)."""

    def __init__(
        self, url: str, *, size: int = POOL_SIZE, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._url = url
        self._answer_within_s = answer_within_s
        self._slots = asyncio.Semaphore(size)
        self._idle: list[_BoundedConnection] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, which is committed at the end and rolled back by any exception.

        DatabaseUnavailableError where there is no turn, or no answer to a statement, in time: what was
        written is lost then, but for a commit whose answer alone is missing. QueryTimeoutError when the
        statement itself is what takes long. Wait for nothing but the database in it: there are few turns.
        """
        deadline_s = self._time_s() + self._answer_within_s
        async with self._turn():
            with translated_errors(STATEMENT_TIMEOUT_MS):
                connection = await self._take(deadline_s)
                try:
                    # Whoever had to wait for a turn has less time left for the beginning.
                    connection.answer_within_s = max(deadline_s - self._time_s(), 0.0)
                    async with connection.transaction():
                        connection.answer_within_s = self._answer_within_s
                        yield connection
                finally:
                    self._give_back(connection)

    async def close(self) -> None:
        """Close every connection that is not lent."""
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._answer_within_s):
                await self._slots.acquire()
        except TimeoutError as error:
            reason = f"no connection was free in {self._answer_within_s} s"
            raise DatabaseUnavailableError(reason) from error
        try:
            yield
        finally:
            self._slots.release()

    async def _take(self, deadline_s: float) -> "_BoundedConnection":
        while self._idle:
            connection = self._idle.pop()
            if is_alive(connection):
                return connection
            await connection.close()
        opening = asyncio.ensure_future(self._open())
        try:
            done, _ = await asyncio.wait({opening}, timeout=max(deadline_s - self._time_s(), 0.0))
        except asyncio.CancelledError:
            _give_up(opening)
            raise
        if not done:
            _give_up(opening)
            raise DatabaseUnavailableError(f"no connection in {self._answer_within_s} s")
        return opening.result()

    async def _open(self) -> "_BoundedConnection":
        connection = await _BoundedConnection.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
        connection.answer_within_s = self._answer_within_s
        try:
            await connection.execute(_WRITING_SESSION)
        except BaseException:
            connection.pgconn.finish()
            raise
        return connection

    def _give_back(self, connection: "_BoundedConnection") -> None:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.pgconn.finish()

    def _time_s(self) -> float:
        return asyncio.get_running_loop().time()


class _BoundedConnection(AsyncConnection[tuple[Any, ...]]):
    """A connection that is lost, as if the server had closed it, when an answer takes too long.

    A statement that is cancelled waits for the server to agree, which one that is stopped never does.
    """

    answer_within_s = ANSWER_WITHIN_S

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109 (psycopg's signature)
    ) -> RV:
        loop = asyncio.get_running_loop()
        severing = loop.call_later(self.answer_within_s, self._sever)
        try:
            return await super().wait(gen, interval, timeout)
        finally:
            severing.cancel()

    def _sever(self) -> None:
        with (
            contextlib.suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)


def _give_up(opening: "asyncio.Task[_BoundedConnection]") -> None:
    """Wait no longer for a connection; one that comes all the same is closed."""

    def finished(task: "asyncio.Task[_BoundedConnection]") -> None:
        if not task.cancelled() and task.exception() is None:
            task.result().pgconn.finish()

    opening.cancel()
    opening.add_done_callback(finished)


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
