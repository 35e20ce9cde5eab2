"""A caller's statement: read by PostgreSQL alone, then wrapped so that it can only be a query.

By itself it must be one statement that answers with rows. As a subquery it can be nothing that writes,
or sets, or shows: PostgreSQL's grammar has no place for that there.
"""

from collections import Counter
from dataclasses import dataclass

import psycopg
from psycopg import sql

from storage.columns import ColumnQuery
from storage.guarded_sql.errors import SqlInvalidError
from storage.patience import Connection, Patience, executed, whole_result

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
_BEFORE = "SELECT FROM (\n"


@dataclass(frozen=True, slots=True)
class Described:
    """The columns of a statement's answer: names, and PostgreSQL's numbers of the types."""

    names: tuple[str, ...]
    types: tuple[int, ...]


def describe(connection: Connection, statement: str, patience: Patience) -> Described:
    """What a statement answers with, without running it. Blocks until the server has read it.

    SqlInvalidError where it is not one statement that answers with rows, each column by a name of its
    own; psycopg's errors where PostgreSQL does not understand it; what `patience` raises.
    """
    _parse(connection, statement, patience)
    connection.pgconn.send_describe_prepared(b"")
    found = whole_result(connection.pgconn, patience)
    if found.nparams:
        raise SqlInvalidError("a statement takes no parameters", "write the values into it")
    if not found.nfields:
        raise SqlInvalidError("the statement answers with no columns", ONLY_A_QUERY)
    columns = range(found.nfields)
    names = tuple((found.fname(column) or b"").decode() for column in columns)
    _refuse_twins(names)
    return Described(names, tuple(found.ftype(column) for column in columns))


def without_end(connection: Connection, statement: str, patience: Patience) -> str:
    """A statement that was described, without the semicolon that ends it and what follows.

    Which one that is, PostgreSQL says, who knows comments and strings: where one statement alone stands,
    nothing but its end is a semicolon that has no place in a subquery.
    """
    if ";" not in statement:
        return statement
    executed(connection, sql.SQL("SAVEPOINT inside"), patience)
    try:
        _parse(connection, f"{_BEFORE}{statement}\n) AS answer", patience)
    except psycopg.Error as error:
        executed(connection, sql.SQL("ROLLBACK TO SAVEPOINT inside"), patience)
        end = int(error.diag.statement_position or 0) - 1 - len(_BEFORE)
        if isinstance(error, psycopg.errors.SyntaxError) and statement[max(end, 0) :][:1] == ";":
            return statement[: max(end, 0)]
    return statement


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
        f"SELECT {', '.join(read)} FROM (\n{statement}\n)"
        f" AS answer ({', '.join(aliases)}) LIMIT {rows}"
    )
    return ColumnQuery(sql.SQL(text), described.names, tuple(types))


def _refuse_twins(names: tuple[str, ...]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise SqlInvalidError(
                f'{count} columns are called "{name}"', "give each a name of its own with AS"
            )


def _parse(connection: Connection, statement: str, patience: Patience) -> None:
    """Have it read and not run. Unlike a simple query, Parse takes one statement alone."""
    connection.pgconn.send_prepare(b"", statement.encode())
    whole_result(connection.pgconn, patience)
