"""What is there of ours in a database, how programs are led to it, and what removing it leaves."""

from typing import Any

import psycopg
import pytest

from market.sources import Feed
from storage.dumps import (
    VERSION_TABLE,
    being_restored,
    gather_statistics,
    libpq_environment,
    other_sessions,
    remove,
    revision_in,
    what_is_there,
)
from storage.errors import DatabaseUnavailableError
from storage.migrate import migrate
from storage.revision import HEAD

Connection = psycopg.Connection[Any]


def test_programs_are_led_by_variables_of_every_part_of_an_address() -> None:
    url = "postgresql://joe:s%40fe@db.example:6432/prices?sslmode=require&connect_timeout=3"
    assert libpq_environment(url) == {
        "PGHOST": "db.example",
        "PGPORT": "6432",
        "PGUSER": "joe",
        "PGPASSWORD": "s@fe",
        "PGDATABASE": "prices",
        "PGSSLMODE": "require",
        "PGCONNECT_TIMEOUT": "3",
    }


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(DatabaseUnavailableError):
        libpq_environment("postgresql://x?nonsense=1")


def test_a_migrated_database_tells_its_revision(database_url: str) -> None:
    assert revision_in(database_url) == HEAD
    assert what_is_there(database_url, ["market", "nowhere"]) == ["market", VERSION_TABLE]


def test_what_is_removed_is_gone_and_the_rest_stays(
    database_url: str, connection: Connection
) -> None:
    connection.execute("CREATE SCHEMA theirs CREATE TABLE kept (n int)")
    remove(database_url, ["market", "shims", *(f"quant_{feed.value}" for feed in Feed)])
    assert what_is_there(database_url, ["market", "theirs"]) == ["theirs"]
    assert revision_in(database_url) is None
    migrate(database_url)
    assert revision_in(database_url) == HEAD


def test_other_sessions_are_counted(database_url: str) -> None:
    assert other_sessions(database_url) == 0
    with psycopg.connect(database_url), psycopg.connect(database_url):
        assert other_sessions(database_url) == 2


def test_a_dump_without_the_extension_needs_nothing(database_url: str) -> None:
    before = other_sessions(database_url)
    with being_restored(database_url, timescaledb=False):
        gather_statistics(database_url)
        assert other_sessions(database_url) == before


def test_a_server_without_the_extension_says_so(database_url: str) -> None:
    with (
        pytest.raises(DatabaseUnavailableError, match="timescaledb"),
        being_restored(database_url, timescaledb=True),
    ):
        pass
