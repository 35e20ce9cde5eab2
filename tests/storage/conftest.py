"""What the storage tests share: a connection, and Hypothesis over one database."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

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
