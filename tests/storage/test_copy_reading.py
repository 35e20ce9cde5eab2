"""One COPY by hand: pieces, ends, stops, and what is refused."""

import threading

import psycopg
import pytest

from storage.copy_reading import MAX_PIECE_BYTES, CopyReading
from storage.patience import Connection, StoppedError
from storage.pools import QueryTimeoutError
from tests.storage.making import until_running, written

ROW_BYTES = 2 + 4 + 4


def reading(
    connection: Connection,
    statement: str,
    timeout_s: float = 60,
    stop: threading.Event | None = None,
) -> CopyReading:
    return CopyReading(connection, written(statement), timeout_s, stop or threading.Event())


def test_rows_come_in_pieces_and_the_connection_is_good_afterwards(connection: Connection) -> None:
    copy = reading(connection, "SELECT generate_series(1, 10)")
    pieces = [copy.piece(4) for _ in range(4)]
    assert [count for _, count in pieces] == [4, 4, 2, 0]
    assert [len(data) for data, _ in pieces] == [4 * ROW_BYTES, 4 * ROW_BYTES, 2 * ROW_BYTES, 0]
    copy.close()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_no_rows_are_an_end(connection: Connection) -> None:
    assert reading(connection, "SELECT 1 WHERE false").piece(5) == (bytearray(), 0)


def test_a_row_that_begins_as_a_stream_does_is_a_row(connection: Connection) -> None:
    copy = reading(connection, "SELECT NULL::text FROM generate_series(1, 3)")
    assert copy.piece(9) == (bytearray(b"\x00\x01\xff\xff\xff\xff" * 3), 3)


def test_a_piece_of_wide_rows_is_cut_early(connection: Connection) -> None:
    row_bytes = MAX_PIECE_BYTES // 3
    copy = reading(connection, f"SELECT repeat('x', {row_bytes}) FROM generate_series(1, 5)")
    assert [copy.piece(100)[1] for _ in range(3)] == [3, 2, 0]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT 1/0", psycopg.errors.DivisionByZero),
        ("SELECT nothing", psycopg.errors.UndefinedColumn),
        (
            "SELECT 1) TO STDOUT; DROP TABLE market.ticks; COPY (SELECT 1",
            psycopg.errors.SyntaxError,
        ),
    ],
)
def test_what_is_wrong_is_said_and_the_connection_stays(
    connection: Connection, statement: str, error: type[psycopg.Error]
) -> None:
    copy = reading(connection, statement)
    with pytest.raises(error):
        copy.piece(1)
    copy.close()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_error_behind_the_first_rows_is_no_end(connection: Connection) -> None:
    copy = reading(connection, "SELECT 1 / (5 - n) FROM generate_series(1, 9) AS n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        while copy.piece(1)[1]:
            pass


def test_a_database_that_takes_too_long_is_given_up(connection: Connection) -> None:
    copy = reading(connection, "SELECT pg_sleep(60)::text", timeout_s=0.01)
    with pytest.raises(QueryTimeoutError):
        copy.piece(1)
    copy.close()
    assert connection.closed


def test_a_reader_that_is_stopped_gives_up_and_cancels(
    connection: Connection, database_url: str
) -> None:
    stop = threading.Event()
    copy = reading(connection, "SELECT pg_sleep(60)::text", stop=stop)
    stop.set()
    with pytest.raises(StoppedError):
        copy.piece(1)
    copy.close()
    until_running(database_url, 0)
