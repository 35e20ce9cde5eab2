"""Which migration a database has reached."""

import psycopg

from storage.pools import ReadPool
from storage.revision import HEAD, revision


async def test_a_migrated_database_is_at_the_head(database_url: str) -> None:
    pool = ReadPool(database_url)
    assert await pool.read(revision) == HEAD
    await pool.close()


async def test_an_empty_database_is_at_none(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE revision")
    pool = ReadPool(database_url)
    assert await pool.read(revision) is None
    await pool.close()
