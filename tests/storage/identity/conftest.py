"""What the tests of accounts share: the writers' pool, on a database of the test's own."""

from collections.abc import AsyncIterator

import pytest

from storage.pools import Connection, WritePool


@pytest.fixture
async def writes(database_url: str) -> AsyncIterator[WritePool]:
    pool = WritePool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def open_connection(writes: WritePool) -> AsyncIterator[Connection]:
    """A connection in a transaction that ends with the test."""
    async with writes.transaction() as connection:
        yield connection
