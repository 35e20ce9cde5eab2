"""What is there of ours in a database, how programs are led to it, and what removing it leaves."""

from typing import Any

import psycopg
import pytest

from storage.dumps import (
    SCHEMAS,
    VERSION_TABLE,
    closing,
    gather_statistics,
    libpq_environment,
    make_extension,
    opening,
    other_sessions,
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


def test_every_schema_of_ours_is_known(connection: Connection) -> None:
    there = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'"
    assert {name for (name,) in connection.execute(there)} == set(SCHEMAS)


def test_what_is_removed_is_gone_and_the_rest_stays(
    database_url: str, connection: Connection
) -> None:
    connection.execute("CREATE SCHEMA theirs CREATE TABLE kept (n int)")
    connection.execute(
        f"{opening(SCHEMAS, timescaledb=False)}{closing(timescaledb=False)}".encode()
    )
    assert what_is_there(database_url, [*SCHEMAS, "theirs"]) == ["theirs"]
    assert revision_in(database_url) is None
    migrate(database_url)
    assert revision_in(database_url) == HEAD


def test_other_sessions_are_counted(database_url: str) -> None:
    assert other_sessions(database_url) == 0
    with psycopg.connect(database_url), psycopg.connect(database_url):
        assert other_sessions(database_url) == 2


def test_statistics_are_gathered(database_url: str, connection: Connection) -> None:
    gather_statistics(database_url)
    counted = "SELECT reltuples FROM pg_class WHERE oid = 'market.instruments'::regclass"
    rows = connection.execute("SELECT count(*)::float4 FROM market.instruments").fetchone()
    assert connection.execute(counted).fetchone() == rows


def test_a_server_without_the_extension_says_so(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="timescaledb"):
        make_extension(database_url)
