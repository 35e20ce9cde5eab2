"""Data directories whose path is short enough for sockets, empty or with a cluster in them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tradewind.servers.support import FAST, isolated
from tests.tradewind.support import data_directory
from tradewind.servers import start_servers


@pytest.fixture
def data() -> Iterator[Path]:
    """Not there yet; what runs on it at the end is waited for."""
    with data_directory() as path:
        yield path


@pytest.fixture(scope="session")
def stopped_servers() -> Iterator[Path]:
    """A data directory whose servers ran once; to be copied."""
    with data_directory() as path:
        with start_servers(isolated(path), postgres_options=FAST):
            pass
        yield path


@pytest.fixture
def used_data(data: Path, stopped_servers: Path) -> Path:
    """A data directory with a cluster: to make one takes seconds."""
    shutil.copytree(stopped_servers, data)
    return data
