"""What the servers say of themselves."""

import psycopg
import pytest
import redis

from market.bars import BarBatch
from market.clock import datetime_of
from market.sources import Feed
from market.ticks import TickBatch
from storage.backends import Backend
from storage.census import cache_census, database_census
from storage.errors import CacheUnavailableError, DatabaseUnavailableError
from storage.revision import HEAD
from storage.ticks import insert_ticks
from tests.storage.making import DAY_US, START_US, make_room, trade
from tradewind.servers import Servers


def test_a_migrated_database_tells_version_revision_and_sizes(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    census = database_census(database_url)
    assert census.version.startswith("18")
    assert census.timescaledb is None
    assert (census.backend, census.compression) == (Backend.PLAIN, None)
    assert census.revision == HEAD
    assert census.size_bytes > 1_000_000
    rows = {table.name: table.rows for table in census.tables}
    assert rows["market.instruments"] > 0
    sizes = [table.size_bytes for table in census.tables]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.both_backends
def test_the_oldest_tick_is_that_of_any_feed(database_url: str) -> None:
    assert database_census(database_url).oldest_tick is None
    with psycopg.connect(database_url, autocommit=True) as connection:
        for offset_us, feed in ((5, Feed.SIMULATED), (0, Feed.LIVE)):
            batch = TickBatch.of([trade(offset_us)])
            make_room(connection, feed, batch, BarBatch.empty())
            insert_ticks(connection, feed, batch, False)
    assert database_census(database_url).oldest_tick == datetime_of(START_US)


def test_timescaledb_tells_what_it_has_compressed(timescale_url: str) -> None:
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        batch = TickBatch.of([trade(each * DAY_US // 1_000) for each in range(3_000)])
        with connection.transaction():
            insert_ticks(connection, Feed.LIVE, batch, True)
        connection.execute(
            "SELECT compress_chunk(each) FROM show_chunks('market.ticks_live') AS each LIMIT 2"
        )
        connection.execute("ANALYZE")
    census = database_census(timescale_url)
    assert (census.backend, census.timescaledb) == (Backend.TIMESCALEDB, "2.23.0-dev")
    found = census.compression
    assert found is not None
    assert (found.chunks, found.compressed) == (4, 2)
    assert found.before_bytes > 2 * found.after_bytes > 0
    rows = {table.name: table.rows for table in census.tables}
    assert 2_500 < rows["market.ticks_live"] < 5_000


def test_an_empty_database_has_no_revision_and_no_tables(servers: Servers) -> None:
    census = database_census(servers.database_url)
    assert census.revision is None
    assert census.tables == []
    assert (census.backend, census.oldest_tick) == (None, None)


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
