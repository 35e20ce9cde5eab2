"""TimescaleDB's own jobs say what the settings do, and do it; what is compressed can still be written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from market.bars import BAR_US, LAST, Bar, BarBatch
from market.clock import datetime_of, microseconds
from market.sources import Feed
from market.ticks import TickBatch
from storage.candles import Bucket, recompute_candles, upsert_candles
from storage.keeping import Keeping, chunks_from, keep_policies
from storage.partitions import TickPartitions
from storage.ticks import insert_ticks
from tests.storage.making import DAY_US, INSTRUMENT, SOURCE, START_US, numbers, trade

Connection = psycopg.Connection[Any]
FEED = Feed.SIMULATED

JOBS = (
    "SELECT hypertable_name || ' ' || proc_name, coalesce(config ->> 'compress_after',"
    " config ->> 'drop_after'), job_id FROM timescaledb_information.jobs"
    " WHERE hypertable_schema = 'market' AND proc_name IN ('policy_compression', 'policy_retention')"
    " AND hypertable_name LIKE '%\\_{}' ORDER BY 1"
)
CHUNKS = (
    "SELECT count(*), count(*) FILTER (WHERE is_compressed) FROM timescaledb_information.chunks"
    " WHERE hypertable_name = '{}'"
)


@pytest.fixture
def connection(timescale_url: str) -> Iterator[Connection]:
    with psycopg.connect(timescale_url, autocommit=True) as opened:
        yield opened


def bar(close: int, minute: int = 0) -> Bar:
    time_us = START_US + minute * BAR_US
    return Bar(time_us, INSTRUMENT, SOURCE.id, LAST, 1, 99, 1, close, 1, 1)


def jobs(connection: Connection, feed: Feed) -> dict[str, str]:
    return {name: days for name, days, _ in numbers(connection, JOBS.format(feed.value))}


def run_jobs(connection: Connection, feed: Feed) -> None:
    for _, _, job in numbers(connection, JOBS.format(feed.value)):
        connection.execute("CALL run_job(%s)", (job,))


def chunks(connection: Connection, table: str) -> tuple[int, int]:
    """How many there are, and how many of them are compressed."""
    ((count, compressed),) = numbers(connection, CHUNKS.format(table))
    return count, compressed


def write(connection: Connection, batch: TickBatch, all_new: bool = True) -> int:
    with connection.transaction():
        return insert_ticks(connection, FEED, batch, all_new)


class TestKeeping:
    def test_simulated_data_is_short_lived_and_all_else_stays(self) -> None:
        keeping = Keeping()
        assert [keeping.tick_days(feed) for feed in (Feed.LIVE, Feed.RECORDED)] == [None, None]
        assert [keeping.candle_days(feed) for feed in (Feed.LIVE, Feed.RECORDED)] == [None, None]
        assert (keeping.tick_days(FEED), keeping.candle_days(FEED)) == (2, 31)


class TestPolicies:
    def test_say_what_the_settings_do(self, connection: Connection) -> None:
        keep_policies(connection, FEED, Keeping())
        assert jobs(connection, FEED) == {
            "ticks_simulated policy_compression": "7 days",
            "ticks_simulated policy_retention": "2 days",
            "candles_simulated policy_compression": "7 days",
            "candles_simulated policy_retention": "31 days",
        }
        assert jobs(connection, Feed.LIVE) == {}

    def test_are_left_alone_where_nothing_has_changed(self, connection: Connection) -> None:
        keep_policies(connection, FEED, Keeping())
        before = numbers(connection, JOBS.format(FEED.value))
        keep_policies(connection, FEED, Keeping())
        assert numbers(connection, JOBS.format(FEED.value)) == before

    def test_change_with_the_settings(self, connection: Connection) -> None:
        keep_policies(connection, Feed.LIVE, Keeping(live_days=30))
        keep_policies(connection, Feed.LIVE, Keeping(live_days=400, compress_after_days=1))
        assert jobs(connection, Feed.LIVE) == {
            "ticks_live policy_compression": "1 day",
            "ticks_live policy_retention": "400 days",
            "candles_live policy_compression": "1 day",
        }
        keep_policies(connection, Feed.LIVE, Keeping(compress_after_days=0))
        assert jobs(connection, Feed.LIVE) == {}

    def test_what_a_job_may_have_ended_is_not_made_anew(self, connection: Connection) -> None:
        ended = "SELECT market.ticks_ended('s') BETWEEN now() - interval '{0}' - interval '1 hour'"
        ended += " AND now() - interval '{0}'"
        keep_policies(connection, FEED, Keeping(simulated_days=3))
        assert numbers(connection, ended.format("3 days")) == [(True,)]
        keep_policies(connection, FEED, Keeping(simulated_days=9))
        assert numbers(connection, ended.format("3 days")) == [(True,)]
        assert numbers(connection, "SELECT market.ticks_ended('l')") == [(None,)]
        with connection.transaction():
            upsert_candles(connection, FEED, BarBatch.of([bar(5)]), 1, (0, 5))
        write(connection, TickBatch.of([trade(59_500_000, 1000)]))
        with connection.transaction():
            recompute_candles(connection, FEED, [Bucket(START_US, 101, SOURCE.id)])
        assert numbers(connection, "SELECT close, log_offset FROM market.candles") == [(5, 5)]

    def test_the_oldest_chunk_is_known(self, connection: Connection) -> None:
        assert chunks_from(connection, FEED) is None
        with connection.transaction():
            upsert_candles(connection, FEED, BarBatch.of([bar(5)]), 1, (0, 5))
        first = chunks_from(connection, FEED)
        assert first is not None
        assert timedelta() <= datetime_of(START_US).date() - first < timedelta(days=30)

    def test_drop_and_compress_what_is_old_enough(self, connection: Connection) -> None:
        now_us = microseconds(datetime.now(UTC))
        ages = (0, 1, 5, 40)
        write(
            connection,
            TickBatch.of([trade(now_us - START_US - days * DAY_US, days) for days in ages]),
        )
        keep_policies(connection, FEED, Keeping(simulated_days=10, compress_after_days=3))
        run_jobs(connection, FEED)
        assert numbers(connection, "SELECT seq FROM market.ticks ORDER BY 1") == [(0,), (1,), (5,)]
        assert chunks(connection, "ticks_simulated") == (3, 1)


class TestCompressed:
    @pytest.fixture(autouse=True)
    def compressed(self, connection: Connection) -> None:
        """A chunk of ticks and one of candles, both compressed."""
        TickPartitions(connection)
        write(connection, TickBatch.of([trade(second * 1_000_000, second) for second in range(60)]))
        with connection.transaction():
            upsert_candles(connection, FEED, BarBatch.of([bar(10), bar(20, minute=1)]), 1, (0, 5))
        for table in ("ticks", "candles"):
            connection.execute(
                f"SELECT compress_chunk(each) FROM show_chunks('market.{table}_simulated') AS each"
            )
            assert chunks(connection, f"{table}_simulated") == (1, 1)

    @pytest.mark.parametrize("all_new", [True, False])
    def test_ticks_that_are_known_stay_as_they_are(
        self, connection: Connection, all_new: bool
    ) -> None:
        again = [trade(second * 1_000_000, second, price=99) for second in range(0, 60, 7)]
        late = [trade(500_000, 1000, price="0.00000001234")]
        assert write(connection, TickBatch.of(again + late), all_new) == 1
        found = numbers(
            connection, "SELECT count(*), min(price), max(price) FROM market.ticks WHERE feed = 's'"
        )
        assert found == [(61, Decimal("0.00000001234"), Decimal(10))]

    def test_a_replay_of_all_of_it_adds_nothing(self, connection: Connection) -> None:
        connection.execute("SELECT decompress_chunk(show_chunks('market.ticks_simulated'))")
        batch = TickBatch.of([trade(tick * 3_000, 100 + tick) for tick in range(20_000)])
        assert write(connection, batch) == 20_000
        connection.execute("SELECT compress_chunk(show_chunks('market.ticks_simulated'))")
        assert write(connection, batch, False) == 0

    def test_candles_never_go_back(self, connection: Connection) -> None:
        with connection.transaction():
            older = upsert_candles(connection, FEED, BarBatch.of([bar(5)]), 1, (0, 4))
            newer = upsert_candles(connection, FEED, BarBatch.of([bar(7, minute=1)]), 1, (0, 6))
        assert (older, newer) == (set(), set())
        assert numbers(connection, "SELECT close FROM market.candles ORDER BY time") == [
            (10,),
            (7,),
        ]

    def test_candles_are_made_anew_from_ticks(self, connection: Connection) -> None:
        write(connection, TickBatch.of([trade(59_500_000, 1000, price="10.5", size="0.25")]))
        with connection.transaction():
            recompute_candles(connection, FEED, [Bucket(START_US, 101, SOURCE.id)])
        found = numbers(
            connection,
            "SELECT close, high, volume, ticks FROM market.candles WHERE time = '2023-11-14 22:14Z'",
        )
        assert found == [(Decimal("10.5"), Decimal("10.5"), Decimal("60.25"), 61)]
