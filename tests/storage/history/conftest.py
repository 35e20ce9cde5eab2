"""What the tests of history share: a pool that reads the test's own database."""

from collections.abc import AsyncIterator

import pytest

from storage.pools import ReadPool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[ReadPool]:
    readers = ReadPool(database_url)
    yield readers
    await readers.close()
