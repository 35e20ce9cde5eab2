"""One COPY out of the database, read by a thread: its rows as they came, in pieces of bounded size.

libpq's waiting read holds the interpreter's lock, so that nothing else of the process would run: here
the socket is waited for (`storage/patience.py`), which does not.
"""

import contextlib
import select
import threading
import time

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from storage.copy_rows import HEADER, TRAILER
from storage.patience import Connection, Patience, next_result, sent
from storage.pools import QueryTimeoutError

MAX_PIECE_BYTES = 16 * 1024 * 1024
"""Of a piece, but for its last row."""

_CANCEL_WITHIN_S = 1.0
_ROWS_AT_A_STRETCH = 4096
_PAUSE_S = 0.000_05
"""Between stretches, so that another thread gets the interpreter's lock sooner than by asking for it."""


class CopyReading:
    """The rows of one statement. Everything blocks, and belongs to one thread at a time.

    The connection must be idle, and is nobody else's until `close`. `stop` makes whoever waits give up.
    """

    def __init__(
        self,
        connection: Connection,
        statement: sql.Composable,
        timeout_s: float,
        stop: threading.Event,
    ) -> None:
        self._connection = connection
        overdue = QueryTimeoutError(int(timeout_s * 1000))
        self._patience = Patience(timeout_s, stop, overdue)
        self._ended = False
        self._first = b""
        copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(statement)
        self._query: bytes | None = copy.as_bytes(connection)

    def piece(self, rows: int) -> tuple[bytearray, int]:
        """The next rows as they came, without header and trailer, and how many they are; 0 at the end.

        Raises what psycopg raises, QueryTimeoutError when the database has been waited for longer than
        the reading may take (a consumer that takes its time is not counted), StoppedError.
        """
        if self._query is not None:
            query, self._query = self._query, None
            self._begin(query)
        piece, count = bytearray(self._first), 1 if self._first else 0
        self._first = b""
        pgconn = self._connection.pgconn
        dry = False
        while not self._ended and count < rows and len(piece) < MAX_PIECE_BYTES:
            taken, length = _take(pgconn, piece, min(rows - count, _ROWS_AT_A_STRETCH))
            count += taken
            if length < 0:
                self._end()
            elif length > 0:
                time.sleep(_PAUSE_S)
            else:
                # First take what is there: to wait at once is to sleep and wake for every few rows.
                if dry and not taken:
                    self._patience.wait(pgconn, select.POLLIN)
                pgconn.consume_input()
                dry = True
        return piece, count

    def close(self) -> None:
        """Cancel the statement where it still runs, and end its connection, which is of no use then."""
        if self._connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            with contextlib.suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=_CANCEL_WITHIN_S)
            self._connection.close()

    def _begin(self, query: bytes) -> None:
        pgconn = self._connection.pgconn
        # With parameters, even none, it can only be one statement.
        pgconn.send_query_params(query, None)
        sent(pgconn, self._patience)
        result = self._result()
        if result is None or result.status != ExecStatus.COPY_OUT:
            self._refused(result)
        while not (message := pgconn.get_copy_data(1))[0]:
            self._patience.wait(pgconn, select.POLLIN)
            pgconn.consume_input()
        length, data = message
        if length < 0:
            self._end()
        elif data[len(HEADER) :] != TRAILER:
            self._first = bytes(data[len(HEADER) :])

    def _end(self) -> None:
        """Read how the statement ended."""
        self._ended = True
        result = self._result()
        if result is None or result.status != ExecStatus.COMMAND_OK:
            self._refused(result)
        while self._result() is not None:
            pass

    def _refused(self, result: PGresult | None) -> None:
        while self._result() is not None:
            pass
        if result is None:
            raise psycopg.OperationalError("the connection was lost")
        raise error_from_result(result)

    def _result(self) -> PGresult | None:
        return next_result(self._connection.pgconn, self._patience)


def _take(pgconn: PGconn, piece: bytearray, most: int) -> tuple[int, int]:
    """Append rows that are here; how many, and what libpq said last: 0 for none yet, below 0 at the end.

    Every row passes here, so that nothing is done for each that can be done for many.
    """
    get, length = pgconn.get_copy_data, 1
    for count in range(most):
        length, data = get(1)
        if length <= len(TRAILER):
            return count, length
        piece += data
    return most, length
