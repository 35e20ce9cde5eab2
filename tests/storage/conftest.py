"""What the storage tests share: connections, and Hypothesis over one database."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from storage.pools import Connection, WritePool

# A pause of a shared machine is no failure; every example cleans up the one database of its test; a method
# that runs on both backends has an object for each.
settings.register_profile(
    "storage",
    deadline=None,
    max_examples=25,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.differing_executors,
    ],
)
settings.load_profile("storage")


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection to the test's own database."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
async def writes(database_url: str) -> AsyncIterator[WritePool]:
    """The writers' pool, on the test's own database."""
    pool = WritePool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def open_connection(writes: WritePool) -> AsyncIterator[Connection]:
    """A connection of that pool, in a transaction that ends with the test."""
    async with writes.transaction() as connection:
        yield connection
