"""How far the flows are behind: records and seconds, of every partition, begun or not."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from market.log import LogEntry
from market.sources import Feed, Source, source_of
from storage import books
from storage.errors import DatabaseUnavailableError
from storage.inbox import Inbox
from storage.lags import Lag, lag_census, lags
from storage.pools import ReadPool
from tests.storage.making import SOURCE

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]


def append(database_url: str, partition: str, ages_s: list[float], source: Source = SOURCE) -> None:
    """Commit records that were received so long ago."""

    async def run() -> None:
        inbox = Inbox(database_url, None)
        writer = await inbox.writer(partition, source)
        now_us = time.time_ns() // 1_000
        await writer.append(
            [LogEntry("frames", "", now_us - round(age_s * 1e6), b"{}") for age_s in ages_s]
        )
        await inbox.close()

    asyncio.run(run())


def test_each_flow_is_behind_by_what_it_has_not_read(
    database_url: str, connection: Connection
) -> None:
    append(database_url, "binance-0", [90, 60, 30])
    append(database_url, "binance-backfill", [10])
    for name, offset in (("binance-0", 0), ("binance-backfill", 0)):
        identity = books.partition_id(connection, name, SOURCE)
        books.register_read(connection, "store-simulated", {identity: offset})
    live, live_history, store, store_history = lag_census(database_url, Feed.SIMULATED)
    assert (live.flow, live.partition, live.records) == ("live", "binance-0", 3)
    assert live.seconds == pytest.approx(90, abs=20)
    assert (live_history.partition, live_history.records) == ("binance-backfill", 1)
    assert (store.flow, store.partition, store.records) == ("store", "binance-0", 2)
    assert store.seconds == pytest.approx(60, abs=20)
    assert store_history == Lag("store", "binance-backfill", 0, 0.0)


def test_what_was_dropped_unread_is_no_lag_and_a_clock_that_is_ahead_no_debt(
    database_url: str, connection: Connection
) -> None:
    append(database_url, "binance-0", [5, -3_600])
    connection.execute("DELETE FROM market.inbox WHERE log_offset = 0")
    assert lag_census(database_url, Feed.SIMULATED) == [
        Lag("live", "binance-0", 1, 0.0),
        Lag("store", "binance-0", 1, 0.0),
    ]


def test_other_feeds_and_recorded_files_do_not_count(
    database_url: str, connection: Connection
) -> None:
    append(database_url, "kraken-0", [1], source_of("kraken", Feed.LIVE))
    books.partition_id(connection, "file:1", source_of("binance", Feed.RECORDED))
    assert lag_census(database_url, Feed.SIMULATED) == []
    assert lag_census(database_url, Feed.RECORDED) == []


async def test_a_reader_is_told_the_same(database_url: str) -> None:
    await asyncio.to_thread(append, database_url, "binance-0", [-3_600])
    pool = ReadPool(database_url)
    assert await pool.read(lags, Feed.SIMULATED) == lag_census(database_url, Feed.SIMULATED)
    await pool.close()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        lag_census("postgresql://nobody@127.0.0.1:1/none", Feed.LIVE)
