"""Waiting for a database by a thread: answers, refusals, ends."""

import socket
import threading

import psycopg
import pytest
from psycopg import sql

from storage.errors import DatabaseUnavailableError
from storage.patience import Connection, Patience, StoppedError, connected, executed, whole_result

OVERDUE = DatabaseUnavailableError("no answer")
SLOW = sql.SQL("SELECT pg_sleep(60)::text")


def patience(seconds: float = 10, stop: threading.Event | None = None) -> Patience:
    return Patience(seconds, stop or threading.Event(), OVERDUE)


def stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def test_a_connection_is_as_any_other_and_in_autocommit_mode(database_url: str) -> None:
    with connected(database_url, patience()) as connection:
        assert connection.autocommit
        assert connection.execute("SELECT %s::int + 1", (1,)).fetchone() == (2,)


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connected("postgresql://nobody@127.0.0.1:1/none", patience())


@pytest.mark.parametrize(
    ("kept", "error"),
    [(patience(0.05), DatabaseUnavailableError), (patience(10, stopped()), StoppedError)],
)
def test_a_server_that_takes_one_in_and_says_nothing_is_given_up(
    kept: Patience, error: type[Exception]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(error):
            connected(f"postgresql://nobody@127.0.0.1:{port}/none", kept)


def test_rows_are_told_in_postgresql_s_words(connection: Connection) -> None:
    statement = sql.SQL("SELECT n, NULL FROM generate_series(1, {}) AS n").format(2)
    assert executed(connection, statement, patience()) == [("1", None), ("2", None)]
    assert executed(connection, sql.SQL("SET work_mem = '8MB'"), patience()) == []


def test_what_fails_leaves_the_connection_good(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        executed(connection, sql.SQL("SELECT 1 / 0"), patience())
    assert executed(connection, sql.SQL("SELECT 1"), patience()) == [("1",)]


def test_a_statement_of_any_length_gets_through(connection: Connection) -> None:
    statement = sql.SQL("SELECT length({})").format("x" * 9_000_000)
    assert executed(connection, statement, patience()) == [("9000000",)]


def test_what_takes_longer_is_given_up(connection: Connection) -> None:
    with pytest.raises(DatabaseUnavailableError):
        executed(connection, SLOW, patience(0.05))
    connection.close()


def test_the_time_of_all_that_is_asked_counts_together(connection: Connection) -> None:
    kept = patience(0.3)
    executed(connection, sql.SQL("SELECT pg_sleep(0.2)::text"), kept)
    with pytest.raises(DatabaseUnavailableError):
        executed(connection, sql.SQL("SELECT pg_sleep(0.2)::text"), kept)
    connection.close()


def test_whoever_is_told_to_stop_gives_up(connection: Connection) -> None:
    with pytest.raises(StoppedError):
        executed(connection, SLOW, patience(60, stopped()))
    connection.close()


def test_where_nothing_was_sent_there_is_no_result(connection: Connection) -> None:
    with pytest.raises(psycopg.OperationalError, match="lost"):
        whole_result(connection.pgconn, patience())
