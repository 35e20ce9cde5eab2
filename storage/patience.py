"""Waiting for a database by a thread: no longer than it may take, and no longer than anybody wants it.

libpq's own waits have no bound and hold the interpreter's lock: here its socket is waited for.
"""

import select
import threading
import time
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, PGconn, PollingStatus
from psycopg.pq.abc import PGconn as AnyPGconn
from psycopg.pq.abc import PGresult

from storage.errors import StorageError

_SLICE_MS = 50
"""How long a thread that was told to stop goes on waiting."""
_EVENTS = {PollingStatus.READING: select.POLLIN, PollingStatus.WRITING: select.POLLOUT}

Connection = psycopg.Connection[Any]


class StoppedError(StorageError):
    """Whoever asked for the answer wants it no more."""

    def __str__(self) -> str:
        return "the reading was stopped"


class Patience:
    """How long the database may be waited for, over everything that is asked of it.

    What else takes time, a slow consumer say, does not count. `stop` ends a wait with StoppedError, the
    end of the time with `overdue`; the connection is of no use then, and to be closed.
    """

    def __init__(self, left_s: float, stop: threading.Event, overdue: StorageError) -> None:
        self._left_s = left_s
        self._stop = stop
        self._overdue = overdue

    def wait(self, pgconn: AnyPGconn, events: int) -> None:
        """Wait until the socket can be read or written."""
        poll = select.poll()
        poll.register(pgconn.socket, events)
        while True:
            started_s = time.monotonic()
            ready = poll.poll(_SLICE_MS)
            self._left_s -= time.monotonic() - started_s
            if self._stop.is_set():
                raise StoppedError
            if ready:
                return
            if self._left_s <= 0:
                raise self._overdue


def connected(database_url: str, patience: Patience) -> Connection:
    """A connection in autocommit mode. psycopg.OperationalError where nobody answers, or lets one in."""
    pgconn = PGconn.connect_start(database_url.encode())
    try:
        while (status := pgconn.connect_poll()) in _EVENTS:
            patience.wait(pgconn, _EVENTS[PollingStatus(status)])
        if status != PollingStatus.OK:
            raise psycopg.OperationalError(pgconn.get_error_message())
    except BaseException:
        pgconn.finish()
        raise
    pgconn.nonblocking = 1
    connection: Connection = psycopg.Connection(pgconn)
    connection.autocommit = True
    return connection


def executed(
    connection: Connection, statement: sql.Composable, patience: Patience
) -> list[tuple[str | None, ...]]:
    """The rows that answer one statement, in PostgreSQL's words; psycopg's errors where it fails."""
    connection.pgconn.send_query_params(statement.as_bytes(connection), None)
    found = whole_result(connection.pgconn, patience)
    return [
        tuple(_text(found.get_value(row, column)) for column in range(found.nfields))
        for row in range(found.ntuples)
    ]


def whole_result(pgconn: AnyPGconn, patience: Patience) -> PGresult:
    """The outcome of what was sent, when all of it is here; psycopg's errors where it failed."""
    sent(pgconn, patience)
    last = None
    while (result := next_result(pgconn, patience)) is not None:
        last = result
    if last is None:
        raise psycopg.OperationalError("the connection was lost")
    if last.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(last)
    return last


def sent(pgconn: AnyPGconn, patience: Patience) -> None:
    """Return when the server has been given everything."""
    while pgconn.flush():
        # It may have something to say first, and read no more until somebody listens.
        patience.wait(pgconn, select.POLLIN | select.POLLOUT)
        pgconn.consume_input()


def next_result(pgconn: AnyPGconn, patience: Patience) -> PGresult | None:
    """The next result of what was sent; None behind the last."""
    while pgconn.is_busy():
        patience.wait(pgconn, select.POLLIN)
        pgconn.consume_input()
    return pgconn.get_result()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
