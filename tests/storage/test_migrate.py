"""Migrations: from nothing or from before, by one process or several, and never backwards."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import storage.migrate
from market.instruments import ALL_INSTRUMENTS
from market.sources import SOURCES, Feed
from storage.backends import Backend, backend_of
from storage.errors import NewerSchemaError
from storage.migrate import migrate
from storage.revision import HEAD
from tests.storage.making import numbers

Connection = psycopg.Connection[Any]

EMPTY = "test_migrate_empty"


@pytest.fixture
def empty_url(database_url: str, connection: Connection) -> Iterator[str]:
    """A database in which nothing is yet."""
    name = connection.info.dbname
    connection.execute(f"CREATE DATABASE {EMPTY} TEMPLATE template0")
    yield database_url.replace(f"@/{name}?", f"@/{EMPTY}?")
    connection.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Revision, tables with their columns, and the seeded rows of a database."""
    queries = {
        "revision": "SELECT version_num FROM revision",
        "columns": "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'market' ORDER BY 1, 2",
        "instruments": "SELECT * FROM market.instruments ORDER BY id",
        "sources": "SELECT * FROM market.sources ORDER BY id",
    }
    with psycopg.connect(url) as connection:
        return {name: numbers(connection, query) for name, query in queries.items()}


def test_an_empty_database_gets_the_schema_and_what_the_code_knows(empty_url: str) -> None:
    migrate(empty_url)
    found = everything(empty_url)
    assert found["revision"] == [(HEAD,)]
    assert {(row[0], row[1]) for row in found["instruments"]} == {
        (item.id, item.symbol) for item in ALL_INSTRUMENTS
    }
    assert found["sources"] == [
        (item.id, item.provider, item.feed.code, item.rank) for item in SOURCES
    ]


def test_again_is_a_no_op(database_url: str) -> None:
    before = everything(database_url)
    migrate(database_url)
    migrate(database_url)
    assert everything(database_url) == before


def test_what_was_stored_stays(database_url: str, connection: Connection) -> None:
    connection.execute("INSERT INTO market.inbox_partitions (name, source_id) VALUES ('x-0', 10)")
    connection.execute("UPDATE market.instruments SET name = 'old name' WHERE id = 1")
    migrate(database_url)
    assert numbers(connection, "SELECT name FROM market.inbox_partitions") == [("x-0",)]
    assert numbers(connection, "SELECT name FROM market.instruments WHERE id = 1") == [
        (ALL_INSTRUMENTS.by_id(1).name,)
    ]


def test_several_processes_at_once(empty_url: str) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert everything(empty_url)["revision"] == [(HEAD,)]


def test_a_schema_newer_than_the_code_is_refused_and_left_alone(
    database_url: str, connection: Connection
) -> None:
    connection.execute("UPDATE revision SET version_num = '9999'")
    before = everything(database_url)
    with pytest.raises(NewerSchemaError, match=f"9999.*newer than this version.*{HEAD}") as caught:
        migrate(database_url)
    assert (caught.value.found, caught.value.known) == ("9999", HEAD)
    assert everything(database_url) == before
    assert numbers(connection, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") == []


def test_a_failed_migration_leaves_nothing_behind(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA market")  # in the way of the first migration
        with pytest.raises(Exception, match="already exists"):
            migrate(empty_url)
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname IN ('market', 'public')"
        assert numbers(connection, tables) == [(0,)]
        connection.execute("DROP SCHEMA market")
    migrate(empty_url)
    assert everything(empty_url)["revision"] == [(HEAD,)]


def test_every_feed_has_its_tables(database_url: str, connection: Connection) -> None:
    names = {name for (name,) in numbers(connection, "SELECT tablename FROM pg_tables")}
    for feed in ("live", "recorded", "simulated"):
        assert {f"ticks_{feed}", f"candles_{feed}"} <= names


def test_the_head_is_the_newest_migration_there_is() -> None:
    files = Path(storage.migrate.__file__).with_name("migrations") / "versions"
    assert max(file.name[:4] for file in files.glob("[0-9]*.py")) == HEAD


class TestTimescale:
    def test_again_is_a_no_op(self, timescale_url: str) -> None:
        before = everything(timescale_url)
        migrate(timescale_url)
        assert everything(timescale_url) == before

    def test_what_plain_tables_hold_is_moved(
        self, timescale_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with psycopg.connect(timescale_url, autocommit=True) as connection:
            as_before_backends(connection, timescale_url, monkeypatch)
            connection.execute(
                "CREATE TABLE market.ticks_live_2023 PARTITION OF market.ticks_live"
                " FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')"
            )
            connection.execute(
                "INSERT INTO market.ticks SELECT '2023-11-14'::timestamptz + day * interval '1 day',"
                " 101, 10, 't', 'l', day, NULL, NULL, 1.5, 0.1, false"
                " FROM generate_series(0, 9) AS day"
            )
            ticks = numbers(connection, "SELECT * FROM market.ticks ORDER BY time")
            migrate(timescale_url)
            assert backend_of(connection) is Backend.TIMESCALEDB
            assert numbers(connection, "SELECT * FROM market.ticks ORDER BY time") == ticks
            chunks = "SELECT count(*) FROM show_chunks('market.ticks_live')"
            assert numbers(connection, chunks) == [(10,)]


def as_before_backends(connection: Connection, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the schema away and make it as it was before there were two backends."""
    schemas = ["market", "shims", "auth", "delivery", *(f"quant_{feed.value}" for feed in Feed)]
    connection.execute(f"DROP SCHEMA {', '.join(schemas)} CASCADE")
    connection.execute("DROP TABLE revision")
    with monkeypatch.context() as before:
        before.setattr("storage.migrate.HEAD", "0002")
        before.setattr("storage.migrate.prepare_roles", lambda _: None)
        migrate(url)


@pytest.mark.both_backends
def test_what_letters_mean_is_told_by_either_backend(connection: Connection) -> None:
    for table, words in (("ticks", "q quote, t trade"), ("candles", "a ask, t traded")):
        found = numbers(connection, f"SELECT obj_description('market.{table}'::regclass)")
        assert words in found[0][0]
    place = "attrelid = 'market.candles'::regclass AND attname = 'log_offset'"
    number = f"(SELECT attnum FROM pg_attribute WHERE {place})"
    told = numbers(connection, f"SELECT col_description('market.candles'::regclass, {number})")
    assert "up to here" in told[0][0]
