"""Partitions: made once whoever asks, dropped only when nobody needs them."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from market.clock import datetime_of, microseconds
from market.sources import Feed, Source, source_of
from storage.books import partition_id, register_read
from storage.partitions import (
    TickPartitions,
    days_of,
    drop_candles_before,
    drop_inbox_before,
    drop_ticks_before,
    ensure_inbox_days,
    tick_table,
)
from tests.storage.making import DAY_US, SOURCE, START_US

Connection = psycopg.Connection[Any]

FIRST = date(2024, 2, 28)
DAYS = [FIRST + timedelta(days=number) for number in range(4)]
LIVE = source_of("binance", Feed.LIVE)


def tables(connection: Connection, prefix: str) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relispartition AND relname LIKE %s"
        " ORDER BY relname",
        (f"{prefix}\\_2%",),
    )
    return [name for (name,) in rows]


def at_once(*actions: Callable[[], None]) -> None:
    """Run these in threads that start together; raise what any of them raised."""
    barrier = threading.Barrier(len(actions))
    errors: list[BaseException] = []

    def run(action: Callable[[], None]) -> None:
        try:
            barrier.wait()
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class TestEnsure:
    def test_makes_a_day_of_ticks_and_a_month_of_candles(self, connection: Connection) -> None:
        times = np.array([START_US, START_US + 5, START_US + DAY_US])
        bars = np.array([START_US - 31 * DAY_US])
        TickPartitions(connection).ensure(Feed.LIVE, times, bars)
        assert tables(connection, "ticks_live") == ["ticks_live_20231114", "ticks_live_20231115"]
        assert tables(connection, "candles_live") == ["candles_live_202310", "candles_live_202311"]
        assert tables(connection, "ticks_recorded") == []

    def test_makes_a_month_of_recorded_ticks_but_where_days_are_there(
        self, connection: Connection
    ) -> None:
        for day in ("20231114", "20231201"):
            start = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
            connection.execute(
                f"CREATE TABLE market.ticks_recorded_{day} PARTITION OF market.ticks_recorded"
                f" FOR VALUES FROM ('{start}') TO ('{start + timedelta(days=1)}')"
            )
        months = [(2023, 10, 2), (2023, 10, 31), (2023, 11, 14), (2023, 11, 15), (2024, 1, 31)]
        times = np.array([microseconds(datetime(*day, 12, tzinfo=UTC)) for day in months])
        for _ in range(2):
            TickPartitions(connection).ensure(Feed.RECORDED, times, times)
        assert tables(connection, "ticks_recorded") == [
            f"ticks_recorded_{name}"
            for name in ("202310", "20231114", "20231115", "20231201", "202401")
        ]

    def test_covers_the_first_and_the_last_microsecond_of_day_and_month(
        self, connection: Connection
    ) -> None:
        midnight = 1_709_251_200_000_000  # 2024-03-01, the day after a leap day
        edges = np.array([midnight - 1, midnight])
        TickPartitions(connection).ensure(Feed.LIVE, edges, edges[:0])
        assert tables(connection, "candles_live") == ["candles_live_202402", "candles_live_202403"]
        for edge in edges.tolist():
            connection.execute(
                "INSERT INTO market.ticks VALUES (%s, 1, 10, 't', 'l', 0, 1, 1, 1, 1, false)",
                (datetime_of(edge),),
            )
            connection.execute(
                "INSERT INTO market.candles VALUES (%s, 1, 10, 't', 'l', 1, 1, 1, 1, 1, 1)",
                (datetime_of(edge),),
            )
        held = connection.execute("SELECT tableoid::regclass::text FROM market.ticks ORDER BY time")
        assert held.fetchall() == [
            ("market.ticks_live_20240229",),
            ("market.ticks_live_20240301",),
        ]

    def test_days_are_utc_whatever_the_session_says(self, connection: Connection) -> None:
        connection.execute("SET TIME ZONE 'Pacific/Kiritimati'")
        TickPartitions(connection).ensure(Feed.LIVE, np.array([START_US]), np.array([], np.int64))
        day = START_US // DAY_US * DAY_US
        for edge in (day, day + DAY_US - 1):
            connection.execute(
                f"INSERT INTO market.{tick_table(Feed.LIVE, day // DAY_US)}"
                " VALUES (%s, 1, 10, 't', 'l', 0, 1, 1, 1, 1, false)",
                (datetime_of(edge),),
            )
        assert tables(connection, "ticks_live") == ["ticks_live_20231114"]
        held = connection.execute("SELECT count(*) FROM market.ticks_live_20231114").fetchone()
        assert held == (2,)

    def test_makes_none_twice(self, connection: Connection) -> None:
        for _ in range(2):
            partitions = TickPartitions(connection)
            for _ in range(2):
                partitions.ensure(Feed.LIVE, np.array([START_US]), np.array([], np.int64))
        assert tables(connection, "ticks_live") == ["ticks_live_20231114"]

    def test_makes_one_again_that_was_dropped_once_told_to_forget(
        self, connection: Connection
    ) -> None:
        partitions = TickPartitions(connection)
        times = np.array([START_US]), np.array([], np.int64)
        partitions.ensure(Feed.LIVE, *times)
        connection.execute("DROP TABLE market.ticks_live_20231114")
        partitions.ensure(Feed.LIVE, *times)
        assert tables(connection, "ticks_live") == []
        partitions.forget()
        partitions.ensure(Feed.LIVE, *times)
        assert tables(connection, "ticks_live") == ["ticks_live_20231114"]

    @pytest.mark.parametrize("feed", Feed)
    def test_from_several_connections_at_once(self, database_url: str, feed: Feed) -> None:
        times = START_US + DAY_US * np.arange(8)

        def ensure() -> None:
            with psycopg.connect(database_url, autocommit=True) as connection:
                TickPartitions(connection).ensure(feed, times, times)

        at_once(ensure, ensure, ensure)
        with psycopg.connect(database_url) as connection:
            made = len(tables(connection, f"ticks_{feed.value}"))
        assert made == (1 if feed is Feed.RECORDED else 8)

    def test_waits_for_no_reader_and_no_writer_of_the_siblings(
        self, database_url: str, connection: Connection
    ) -> None:
        partitions = TickPartitions(connection)
        partitions.ensure(Feed.LIVE, np.array([START_US]), np.array([], np.int64))
        with psycopg.connect(database_url) as other:
            other.execute("SELECT count(*) FROM market.ticks")
            other.execute(
                "INSERT INTO market.ticks VALUES (%s, 1, 10, 't', 'l', 0, 1, 1, 1, 1, false)",
                (datetime_of(START_US),),
            )
            connection.execute("SET lock_timeout = '2s'")
            partitions.ensure(Feed.LIVE, np.array([START_US + DAY_US]), np.array([], np.int64))
        assert len(tables(connection, "ticks_live")) == 2


class TestDaysOf:
    @pytest.mark.parametrize("days", [[], [5], [5, 5, 5], [7, 5, 7, 6], [-1, 0]])
    def test_are_each_day_once_in_order(self, days: list[int]) -> None:
        times = [day * DAY_US + within for day in days for within in (0, 1, DAY_US - 1)]
        assert days_of(np.array(times, np.int64)) == sorted(set(days))


class TestInboxDays:
    def test_are_made_once_by_whoever_is_first(self, database_url: str) -> None:
        def ensure() -> None:
            with psycopg.connect(database_url, autocommit=True) as connection:
                ensure_inbox_days(connection, Feed.SIMULATED, DAYS)

        at_once(ensure, ensure)
        with psycopg.connect(database_url) as connection:
            assert tables(connection, "inbox_simulated") == [
                f"inbox_simulated_{day:%Y%m%d}" for day in DAYS
            ]


class TestDropTicks:
    def test_drops_the_days_before_and_no_other_feed(self, connection: Connection) -> None:
        times = START_US + DAY_US * np.arange(3)
        partitions = TickPartitions(connection)
        for feed in (Feed.SIMULATED, Feed.RECORDED):
            partitions.ensure(feed, times, times)
        dropped = drop_ticks_before(connection, Feed.SIMULATED, date(2023, 11, 16))
        assert dropped == ["ticks_simulated_20231114", "ticks_simulated_20231115"]
        assert tables(connection, "ticks_simulated") == ["ticks_simulated_20231116"]
        assert tables(connection, "ticks_recorded") == ["ticks_recorded_202311"]
        assert drop_ticks_before(connection, Feed.SIMULATED, date(2023, 11, 16)) == []

    def test_drops_a_month_of_recorded_ticks_once_all_of_it_is_before(
        self, connection: Connection
    ) -> None:
        times = START_US + DAY_US * np.arange(30)
        TickPartitions(connection).ensure(Feed.RECORDED, times, times)
        assert drop_ticks_before(connection, Feed.RECORDED, date(2023, 11, 30)) == []
        dropped = drop_ticks_before(connection, Feed.RECORDED, date(2023, 12, 1))
        assert dropped == ["ticks_recorded_202311"]
        assert tables(connection, "ticks_recorded") == ["ticks_recorded_202312"]

    def test_waits_for_no_reader_and_drops_at_the_next_time(
        self, database_url: str, connection: Connection
    ) -> None:
        TickPartitions(connection).ensure(Feed.LIVE, np.array([START_US]), np.array([], np.int64))
        with psycopg.connect(database_url) as reader:
            reader.execute("SELECT count(*) FROM market.ticks")
            assert drop_ticks_before(connection, Feed.LIVE, date(2023, 11, 16)) == []
        assert len(drop_ticks_before(connection, Feed.LIVE, date(2023, 11, 16))) == 1


class TestDropCandles:
    @pytest.mark.parametrize(
        ("before", "dropped"),
        [(date(2024, 1, 31), 1), (date(2024, 2, 1), 2), (date(2024, 2, 29), 2)],
    )
    def test_drops_the_months_that_end_before_the_day_and_no_other_feed(
        self, connection: Connection, before: date, dropped: int
    ) -> None:
        names = [f"candles_simulated_{month}" for month in ("202312", "202401", "202402")]
        months = [datetime(2023, 12, 5), datetime(2024, 1, 31), datetime(2024, 2, 1)]
        times = np.array([microseconds(month.replace(tzinfo=UTC)) for month in months])
        for feed in (Feed.SIMULATED, Feed.LIVE):
            TickPartitions(connection).ensure(feed, times[:0], times)
        assert drop_candles_before(connection, Feed.SIMULATED, before) == names[:dropped]
        assert tables(connection, "candles_simulated") == names[dropped:]
        assert len(tables(connection, "candles_live")) == 3


class TestDropInbox:
    @pytest.fixture(autouse=True)
    def days(self, connection: Connection) -> None:
        """A partition `binance-0` of which each day holds two records: 0 and 1, 2 and 3, …"""
        ensure_inbox_days(connection, Feed.SIMULATED, DAYS)
        self.fill(connection, "binance-0", SOURCE)

    def fill(self, connection: Connection, name: str, source: Source) -> int:
        identity = partition_id(connection, name, source)
        for number in range(2 * len(DAYS)):
            connection.execute(
                "INSERT INTO market.inbox VALUES (%s, %s, %s, %s, now(), '', '', '')",
                (identity, number, source.feed.code, DAYS[number // 2]),
            )
        return identity

    def read(self, connection: Connection, consumer: str, name: str, offset: int) -> None:
        register_read(connection, consumer, {partition_id(connection, name, SOURCE): offset})

    def test_nothing_that_nobody_has_read(self, connection: Connection) -> None:
        assert drop_inbox_before(connection, Feed.SIMULATED, DAYS[3]) == []
        assert len(tables(connection, "inbox_simulated")) == len(DAYS)

    @pytest.mark.parametrize(("offset", "dropped"), [(0, 0), (1, 1), (2, 1), (3, 2), (7, 3)])
    def test_days_that_are_read_to_their_end_and_old_enough(
        self, connection: Connection, offset: int, dropped: int
    ) -> None:
        self.read(connection, "store-simulated", "binance-0", offset)
        names = [f"inbox_simulated_{day:%Y%m%d}" for day in DAYS]
        assert drop_inbox_before(connection, Feed.SIMULATED, DAYS[3]) == names[:dropped]
        assert tables(connection, "inbox_simulated") == names[dropped:]

    def test_what_the_slower_of_two_consumers_has_not_read_stays(
        self, connection: Connection
    ) -> None:
        self.read(connection, "store-simulated", "binance-0", 7)
        self.read(connection, "live-simulated", "binance-0", 3)
        assert len(drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])) == 2

    def test_what_another_partition_has_unread_stays(self, connection: Connection) -> None:
        self.fill(connection, "fixer-0", source_of("fixer", Feed.SIMULATED))
        self.read(connection, "store-simulated", "binance-0", 7)
        assert drop_inbox_before(connection, Feed.SIMULATED, DAYS[3]) == []
        self.read(connection, "store-simulated", "fixer-0", 1)
        assert len(drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])) == 1

    def test_what_a_consumer_that_reads_other_partitions_has_not_begun_stays(
        self, connection: Connection
    ) -> None:
        self.fill(connection, "fixer-0", source_of("fixer", Feed.SIMULATED))
        for name in ("binance-0", "fixer-0"):
            self.read(connection, "store-simulated", name, 7)
        self.read(connection, "live-simulated", "binance-0", 7)
        assert drop_inbox_before(connection, Feed.SIMULATED, DAYS[3]) == []
        self.read(connection, "live-simulated", "fixer-0", 7)
        assert len(drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])) == 3

    def test_consumers_of_another_feed_hold_nothing_back(self, connection: Connection) -> None:
        register_read(
            connection, "store-live", {partition_id(connection, "live:binance-0", LIVE): 4}
        )
        self.read(connection, "store-simulated", "binance-0", 7)
        assert len(drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])) == 3

    def test_what_another_feed_has_unread_holds_nothing_back(self, connection: Connection) -> None:
        ensure_inbox_days(connection, Feed.LIVE, DAYS)
        self.fill(connection, "live:binance-0", LIVE)
        self.read(connection, "store-simulated", "binance-0", 7)
        assert len(drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])) == 3
        assert len(tables(connection, "inbox_live")) == len(DAYS)

    def test_today_stays_however_far_it_is_read(self, connection: Connection) -> None:
        self.read(connection, "store-simulated", "binance-0", 7)
        drop_inbox_before(connection, Feed.SIMULATED, DAYS[3])
        assert tables(connection, "inbox_simulated") == [f"inbox_simulated_{DAYS[3]:%Y%m%d}"]
