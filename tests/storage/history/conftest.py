"""What the tests of history share: readers of the test's own database."""

from collections.abc import AsyncIterator

import pytest

from storage.columns import ColumnReader
from storage.pools import ReadPool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[ReadPool]:
    readers = ReadPool(database_url)
    yield readers
    await readers.close()


@pytest.fixture
async def columns(database_url: str) -> AsyncIterator[ColumnReader]:
    reader = ColumnReader(database_url, size=2)
    yield reader
    await reader.close()
