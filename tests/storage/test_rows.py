"""Rows as dataclasses, and counts."""

from dataclasses import dataclass

from storage.pools import Connection
from storage.rows import changed, many, number, one


@dataclass(frozen=True)
class Pair:
    left: int
    right: str


PAIRS = "SELECT left_part AS left, 'x' AS right FROM generate_series(1, %s) AS left_part ORDER BY 1"


async def test_rows_are_objects_and_no_row_is_none(open_connection: Connection) -> None:
    assert await one(open_connection, Pair, PAIRS, (2,)) == Pair(1, "x")
    assert await many(open_connection, Pair, PAIRS, (2,)) == [Pair(1, "x"), Pair(2, "x")]
    assert await one(open_connection, Pair, PAIRS, (0,)) is None
    assert await many(open_connection, Pair, PAIRS, (0,)) == []


async def test_a_number_and_how_many_rows_were_changed(open_connection: Connection) -> None:
    assert await number(open_connection, "SELECT count(*) FROM generate_series(1, 3)") == 3
    assert await number(open_connection, "SELECT 1 WHERE false") == 0
    assert (
        await changed(open_connection, "UPDATE auth.users SET name = %(name)s", {"name": ""}) == 0
    )
