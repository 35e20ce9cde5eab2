"""Rows as dataclasses whose fields are the columns of the answer."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from psycopg.rows import class_row

from storage.pools import Connection

Row = TypeVar("Row")
Values = Sequence[object] | Mapping[str, object]


async def one(
    connection: Connection, row: type[Row], statement: str, values: Values = ()
) -> Row | None:
    """The first row of the answer; None where there is none."""
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(statement, values)).fetchone()


async def many(
    connection: Connection, row: type[Row], statement: str, values: Values = ()
) -> list[Row]:
    """Every row of the answer."""
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()


async def number(connection: Connection, statement: str, values: Values = ()) -> int:
    """The one number that is the answer."""
    row = await (await connection.execute(statement, values)).fetchone()
    return int(row[0]) if row is not None else 0


async def changed(connection: Connection, statement: str, values: Values = ()) -> int:
    """How many rows a statement wrote or removed."""
    return (await connection.execute(statement, values)).rowcount
