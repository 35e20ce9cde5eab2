"""What the servers say of themselves."""

import psycopg
import pytest
import redis

from storage.census import cache_census, database_census
from storage.errors import CacheUnavailableError, DatabaseUnavailableError
from storage.revision import HEAD
from tradewind.servers import Servers


def test_a_migrated_database_tells_version_revision_and_sizes(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    census = database_census(database_url)
    assert census.version.startswith("18")
    assert census.timescaledb is None
    assert census.revision == HEAD
    assert census.size_bytes > 1_000_000
    rows = {table.name: table.rows for table in census.tables}
    assert rows["market.instruments"] > 0
    sizes = [table.size_bytes for table in census.tables]
    assert sizes == sorted(sizes, reverse=True)


def test_an_empty_database_has_no_revision_and_no_tables(servers: Servers) -> None:
    census = database_census(servers.database_url)
    assert census.revision is None
    assert census.tables == []


def test_the_cache_tells_product_version_and_keys(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("a", "1")
    census = cache_census(redis_url)
    assert census.product == "valkey"
    assert census.version.startswith("9.")
    assert census.keys == 1
    assert census.memory_bytes > 0


def test_servers_that_are_not_there_are_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        database_census("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(CacheUnavailableError):
        cache_census("redis://127.0.0.1:1/0")
