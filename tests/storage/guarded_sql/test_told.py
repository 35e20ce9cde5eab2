"""What a caller is told of PostgreSQL's errors."""

import psycopg
import pytest

from storage.errors import DatabaseUnavailableError, StorageError
from storage.guarded_sql.errors import (
    SqlForbiddenError,
    SqlInvalidError,
    SqlMemoryError,
    SqlTimeoutError,
)
from storage.guarded_sql.told import MAX_MESSAGE_CHARACTERS, told
from storage.patience import Connection


def error_of(session: Connection, statement: str) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        session.execute(statement.encode())
    return caught.value


@pytest.mark.parametrize(
    ("statement", "kind", "said"),
    [
        ("SELEC 1", SqlInvalidError, 'syntax error at or near "SELEC"'),
        ("SELECT nope FROM ticks", SqlInvalidError, 'column "nope" does not exist'),
        ("SELECT 1 / 0", SqlInvalidError, "division by zero"),
        ("SELECT (VALUES (1), (2))", SqlInvalidError, "more than one row"),
        ("INSERT INTO ticks DEFAULT VALUES", SqlInvalidError, "cannot insert into view"),
        ("SELECT * FROM market.ticks", SqlForbiddenError, "permission denied for schema market"),
        ("SELECT set_config('transaction_read_only', 'off', false)", SqlForbiddenError, "read-wri"),
        ("CREATE TEMP TABLE x ()", SqlForbiddenError, "read-only transaction|permission denied"),
        ("SELECT n FROM generate_series(1, 20000000) n ORDER BY 1 DESC", SqlMemoryError, "64 MB"),
    ],
)
def test_each_kind(
    session: Connection, statement: str, kind: type[StorageError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        raise told(error_of(session, statement), 64, 1)


def test_the_place_is_told_unless_the_statement_was_wrapped(session: Connection) -> None:
    error = error_of(session, "SELECT nope FROM ticks")
    alone, inside = told(error, 1, 1), told(error, 1, 1, wrapped=True)
    assert isinstance(alone, SqlInvalidError)
    assert isinstance(inside, SqlInvalidError)
    assert (alone.position, inside.position) == (8, None)


def test_what_was_one_alone_and_is_none_inside_is_no_query() -> None:
    found = told(psycopg.errors.SyntaxError("near SHOW"), 1, 1, wrapped=True)
    assert str(found) == "the statement is no query"


def test_a_value_in_a_message_is_cut(session: Connection) -> None:
    found = told(error_of(session, "SELECT repeat('x', 1000000)::int"), 1, 1)
    assert len(str(found)) == MAX_MESSAGE_CHARACTERS


def test_the_inside_is_not_told() -> None:
    assert "cache lookup" not in str(told(psycopg.errors.InternalError_("cache lookup"), 1, 1))


def test_a_statement_that_was_cancelled_took_too_long() -> None:
    assert isinstance(told(psycopg.errors.QueryCanceled(), 1, 2), SqlTimeoutError)


def test_a_lost_connection_is_no_fault_of_the_caller_s() -> None:
    assert isinstance(told(psycopg.OperationalError("gone"), 1, 1), DatabaseUnavailableError)
