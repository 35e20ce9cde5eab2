"""A caller's statement: read by PostgreSQL alone, then wrapped so that it can only be a query.

By itself it must be one statement that answers with rows. As a subquery it can be nothing that writes,
or sets, or shows: PostgreSQL's grammar has no place for that there.
"""

import select
from collections import Counter
from dataclasses import dataclass

from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from storage.columns import ColumnQuery
from storage.guarded_sql.errors import SqlInvalidError
from storage.guarded_sql.session import Connection

ONLY_A_QUERY = "write one SELECT, VALUES, TABLE or WITH … SELECT statement, and nothing else"

_TYPES = {
    16: "bool",
    20: "int8",
    21: "int2",
    23: "int4",
    25: "text",
    701: "float8",
    1082: "date",
    1184: "timestamptz",
    1700: "numeric",
}
"""What is read as it is, by PostgreSQL's number of the type."""
_CASTS = {26: "int8", 700: "float8"}
"""What another type holds as well; everything else is read as text."""


@dataclass(frozen=True, slots=True)
class Described:
    """The columns of a statement's answer: names, and PostgreSQL's numbers of the types."""

    names: tuple[str, ...]
    types: tuple[int, ...]


def describe(connection: Connection, statement: str) -> Described:
    """What a statement answers with, without running it. Blocks until the server has read it.

    SqlInvalidError where it is not one statement that answers with rows, each column by a name of its
    own; psycopg's errors where PostgreSQL does not understand it.
    """
    pgconn = connection.pgconn
    # Unlike a simple query, Parse takes one statement alone.
    pgconn.send_prepare(b"", statement.encode())
    _result(connection)
    pgconn.send_describe_prepared(b"")
    found = _result(connection)
    if found.nparams:
        raise SqlInvalidError("a statement takes no parameters", "write the values into it")
    if not found.nfields:
        raise SqlInvalidError("the statement answers with no columns", ONLY_A_QUERY)
    columns = range(found.nfields)
    names = tuple((found.fname(column) or b"").decode() for column in columns)
    _refuse_twins(names)
    return Described(names, tuple(found.ftype(column) for column in columns))


def wrapped(statement: str, described: Described, rows: int) -> ColumnQuery:
    """The query for at most so many rows of a statement that was described."""
    aliases = [f"c{number}" for number in range(1, len(described.names) + 1)]
    types = [_TYPES.get(type_) or _CASTS.get(type_, "text") for type_ in described.types]
    read = [
        alias if number in _TYPES else f"{alias}::{type_}"
        for alias, number, type_ in zip(aliases, described.types, types, strict=True)
    ]
    # On lines of its own: what ends it may be a comment.
    text = (
        f"SELECT {', '.join(read)} FROM (\n{statement.rstrip().rstrip(';')}\n)"
        f" AS answer ({', '.join(aliases)}) LIMIT {rows}"
    )
    return ColumnQuery(sql.SQL(text), described.names, tuple(types))


def _refuse_twins(names: tuple[str, ...]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise SqlInvalidError(
                f'{count} columns are called "{name}"', "give each a name of its own with AS"
            )


def _result(connection: Connection) -> PGresult:
    """The outcome of what was sent; libpq's own wait would hold up every thread of the process."""
    pgconn = connection.pgconn
    poll = select.poll()
    poll.register(pgconn.socket, select.POLLIN | select.POLLOUT)
    while pgconn.flush():
        poll.poll()
        pgconn.consume_input()
    poll.modify(pgconn.socket, select.POLLIN)
    found: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            poll.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            break
        found.append(result)
    if found[-1].status != ExecStatus.COMMAND_OK:
        raise error_from_result(found[-1])
    return found[-1]
