"""A data directory whose path is short enough for sockets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tradewind.support import data_directory


@pytest.fixture
def data() -> Iterator[Path]:
    """Not there yet; what runs on it at the end is waited for."""
    with data_directory() as path:
        yield path
