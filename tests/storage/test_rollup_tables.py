"""Rollups on plain PostgreSQL: folded as the reference folds, and written only where they differ."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import Bar, BarBatch
from market.sources import Feed
from storage.candles import upsert_provider_bars
from storage.partitions import TickPartitions
from storage.rollup_marks import TouchedHour
from storage.rollup_tables import RollupTables, day_of
from tests.market.strategies import bars
from tests.reference.rollups import rollups
from tests.storage.making import numbers
from tests.storage.rolling import (
    DAY,
    FEED,
    HOUR,
    MIDNIGHT,
    at,
    clear,
    minute_bar,
    stored_minutes,
    stored_rollups,
)

Connection = psycopg.Connection[Any]
KEY = (101, minute_bar(0).source)


def put(connection: Connection, rows: list[Bar], feed: Feed = FEED) -> None:
    batch = BarBatch.of(rows)
    TickPartitions(connection).ensure(feed, batch.time[:0], batch.time)
    with connection.transaction():
        upsert_provider_bars(connection, feed, batch)


@pytest.fixture
def tables(connection: Connection) -> RollupTables:
    """Those of the feed."""
    connection.execute("SET TIME ZONE 'UTC'")
    return RollupTables(connection, FEED)


@given(st.lists(bars(), min_size=1, max_size=40))
def test_any_minutes_fold_as_in_the_reference(
    connection: Connection, tables: RollupTables, rows: list[Bar]
) -> None:
    clear(connection)
    put(connection, rows)
    tables.roll_up(MIDNIGHT, MIDNIGHT + 2 * DAY)
    tables.roll_up_days(MIDNIGHT, MIDNIGHT + 2 * DAY)
    for width in (HOUR, DAY):
        assert stored_rollups(connection, width) == rollups(stored_minutes(connection), width)


class TestRollUp:
    def test_only_within_its_bounds_and_of_its_feed(
        self, connection: Connection, tables: RollupTables
    ) -> None:
        rows = [minute_bar(minute) for minute in (0, 60, 119, 120)]
        put(connection, rows)
        put(connection, rows, Feed.LIVE)
        tables.roll_up(at(60), at(120))
        found = numbers(connection, "SELECT time, minutes, feed::text FROM market.candles_1h")
        assert found == [(at(60), 2, "s")]

    def test_volumes_are_summed_exactly_and_none_stays_none(
        self, connection: Connection, tables: RollupTables
    ) -> None:
        priced = ("10", "11", "1", "10")
        small = [
            Bar(bar.time_us, *KEY, bar.side, *priced, volume)
            for bar, volume in (
                (minute_bar(0), "123456789012345678"),
                (minute_bar(1), "0.000000000000000001"),
                (minute_bar(2), None),
                (minute_bar(60), None),
            )
        ]
        put(connection, small)
        tables.roll_up(at(0), at(120))
        found = numbers(connection, "SELECT volume::text FROM market.candles_1h ORDER BY time")
        assert found == [("123456789012345678.000000000000000001",), (None,)]


class TestRefresh:
    def test_of_one_key_leaves_others_and_days_that_are_not_over(
        self, connection: Connection, tables: RollupTables
    ) -> None:
        put(
            connection,
            [minute_bar(minute, source=source) for minute in (0, 60) for source in (2, 12)],
        )
        tables.refresh([TouchedHour(at(60), 101, 2, 1)], at(120))
        found = numbers(connection, "SELECT time, source_id FROM market.candles_1h")
        assert found == [(at(60), 2)]
        assert numbers(connection, "SELECT count(*) FROM market.candles_1d") == [(0,)]
        tables.refresh([TouchedHour(at(60), 101, 2, 1)], MIDNIGHT + DAY)
        assert numbers(connection, "SELECT source_id FROM market.candles_1d") == [(2,)]

    def test_what_is_equal_is_not_written_again(
        self, connection: Connection, tables: RollupTables
    ) -> None:
        put(connection, [minute_bar(0, source=2)])
        touched = [TouchedHour(at(0), 101, 2, 1)]
        versions = []
        for _ in range(2):
            tables.refresh(touched, at(60))
            versions.append(
                numbers(connection, "SELECT ctid::text FROM market.candles_1h_simulated")
            )
        assert versions[0] == versions[1] != []


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert day_of(datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC)) == datetime(
        2024, 2, 29, tzinfo=UTC
    )
