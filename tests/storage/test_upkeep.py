"""Upkeep: rooms for the days ahead, and an end of what has been kept long enough."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from market.clock import microseconds
from market.gaps import Gap, GapCause
from market.sources import Feed, source_of
from storage.books import (
    Done,
    Quarantined,
    Totals,
    partition_id,
    quarantine,
    register_done,
    register_read,
    totals,
)
from storage.gaps import insert_gaps
from storage.keeping import Keeping
from storage.partitions import TickPartitions, ensure_inbox_days
from storage.upkeep import INBOX_DAYS, end_old, keep_up
from tests.storage.making import SOURCE, numbers

Connection = psycopg.Connection[Any]
KEEPING = Keeping()
SIMULATED_DAYS = KEEPING.simulated_days


@pytest.fixture
def today() -> date:
    """The day in UTC; a test that runs into midnight would be of two days."""
    return datetime.now(UTC).date()


def days(connection: Connection, parent: str) -> set[date]:
    rows = numbers(
        connection,
        "SELECT right(relname, 8)::date FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        f" WHERE inhparent = 'market.{parent}'::regclass",
    )
    return {day for (day,) in rows}


def ago(today: date, *counts: int) -> list[date]:
    return [today - timedelta(days=count) for count in counts]


def fill_ticks(connection: Connection, feed: Feed, on: list[date]) -> None:
    times = [microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in on]
    TickPartitions(connection).ensure(feed, np.array(times), np.array([], np.int64))


def test_makes_today_and_tomorrow_once(
    database_url: str, connection: Connection, today: date
) -> None:
    for _ in range(2):
        keep_up(database_url, Feed.SIMULATED)
        assert days(connection, "inbox_simulated") == {today, today + timedelta(days=1)}


def test_drops_old_simulated_ticks_alone(
    database_url: str, connection: Connection, today: date
) -> None:
    kept = ago(today, *range(SIMULATED_DAYS + 1))
    old = ago(today, SIMULATED_DAYS + 1, SIMULATED_DAYS + 40)
    for feed in Feed:
        fill_ticks(connection, feed, kept + old)
    end_old(database_url, KEEPING)
    assert days(connection, "ticks_simulated") == set(kept)
    assert days(connection, "ticks_live") == set(kept + old)
    recorded = "SELECT right(relname, 6) FROM pg_class WHERE relname ~ '^ticks_recorded_[0-9]+$'"
    assert set(numbers(connection, recorded)) == {(f"{day:%Y%m}",) for day in kept + old}
    ended = numbers(connection, "SELECT feed::text, before::date FROM market.ended_ticks")
    assert ended == [("s", today - timedelta(days=SIMULATED_DAYS))]


def test_hours_are_kept_as_long_as_their_minutes(
    database_url: str, connection: Connection, today: date
) -> None:
    """Minutes end by the month, some days later than they may."""
    first = (today - timedelta(days=KEEPING.simulated_candle_days)).replace(day=1)
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    times = [midnight - timedelta(hours=1), midnight]
    span = np.array([microseconds(time) for time in times])
    TickPartitions(connection).ensure(Feed.SIMULATED, np.array([], np.int64), span)
    for table, last in (("candles", "NULL, NULL"), ("candles_1h", "1, 1"), ("candles_1d", "1, 1")):
        for time in times:
            connection.execute(
                f"INSERT INTO market.{table}_simulated"
                f" VALUES (%s, 101, 1, 't', 's', 1, 1, 1, 1, 1, 6, {last})".encode(),
                (time,),
            )
    end_old(database_url, KEEPING)
    for table in ("candles", "candles_1h", "candles_1d"):
        assert numbers(connection, f"SELECT time FROM market.{table}") == [(midnight,)]


def test_one_process_ends_what_is_old(
    database_url: str, connection: Connection, today: date
) -> None:
    fill_ticks(connection, Feed.SIMULATED, ago(today, 9))
    connection.execute("SELECT pg_advisory_lock(hashtext('end of what is old'))")
    end_old(database_url, KEEPING)
    assert days(connection, "ticks_simulated") == set(ago(today, 9))
    connection.execute("SELECT pg_advisory_unlock_all()")
    end_old(database_url, KEEPING)
    assert days(connection, "ticks_simulated") == set()


@pytest.mark.parametrize(("read_until", "kept_days"), [(None, 4), (0, 3), (9, 3)])
def test_drops_old_inbox_days_once_they_are_read(
    database_url: str,
    connection: Connection,
    today: date,
    read_until: int | None,
    kept_days: int,
) -> None:
    identity = partition_id(connection, "binance-0", SOURCE)
    last_kept = ago(today, *range(INBOX_DAYS + 2))
    ensure_inbox_days(connection, Feed.SIMULATED, last_kept)
    for offset, day in enumerate(reversed(last_kept)):
        connection.execute(
            "INSERT INTO market.inbox VALUES (%s, %s, 's', %s, now(), '', '', '')",
            (identity, offset, day),
        )
    if read_until is not None:
        register_read(connection, "store-simulated", {identity: read_until})
    keep_up(database_url, Feed.SIMULATED)
    assert days(connection, "inbox_simulated") == {
        *last_kept[:kept_days],
        today + timedelta(days=1),
    }


def test_sums_up_the_books_of_what_is_no_longer_in_the_inbox(
    database_url: str, connection: Connection, today: date
) -> None:
    identity = partition_id(connection, "binance-0", SOURCE)
    oldest = today - timedelta(days=INBOX_DAYS + 3)
    ensure_inbox_days(connection, Feed.SIMULATED, [oldest, today])
    for offset, day in enumerate([oldest, oldest, oldest, today, today]):
        connection.execute(
            "INSERT INTO market.inbox VALUES (%s, %s, 's', %s, now(), '', '', '')",
            (identity, offset, day),
        )
    register_done(connection, identity, [Done(offset, 1, 2, 3, 4) for offset in range(5)])
    register_read(connection, "store-simulated", {identity: 4})
    for _ in range(2):
        keep_up(database_url, Feed.SIMULATED)
        assert totals(database_url, ["binance-0"]) == Totals(5, 10, 15, 20)
        kept = numbers(connection, "SELECT log_offset FROM market.inbox_done ORDER BY 1")
        assert kept == [(3,), (4,)]


def test_forgets_what_was_quarantined_long_ago_of_simulated_data(
    database_url: str, connection: Connection, today: date
) -> None:
    identity = partition_id(connection, "binance-0", SOURCE)
    quarantine(
        connection, identity, 0, SOURCE, [Quarantined(0, "old", ""), Quarantined(1, "new", "")]
    )
    connection.execute(
        "UPDATE market.quarantine SET set_aside_at = %s WHERE reason = 'old'",
        (today - timedelta(days=SIMULATED_DAYS + 1),),
    )
    end_old(database_url, KEEPING)
    assert numbers(connection, "SELECT reason FROM market.quarantine") == [("new",)]


def test_forgets_old_gaps_of_simulated_data_alone(
    database_url: str, connection: Connection, today: date
) -> None:
    identity = partition_id(connection, "binance-0", SOURCE)
    long_ago = microseconds(
        datetime(today.year, today.month, today.day, tzinfo=UTC)
        - timedelta(days=SIMULATED_DAYS + 1)
    )
    for offset, feed in enumerate((Feed.SIMULATED, Feed.LIVE)):
        source = source_of("binance", feed)
        gap = Gap(source, 101, GapCause.TRADE_IDS, long_ago, long_ago + 1, 1, 2)
        insert_gaps(connection, identity, offset, [gap])
    end_old(database_url, KEEPING)
    assert numbers(connection, "SELECT log_offset FROM market.gaps") == [(1,)]


def test_drops_what_a_setting_ends(database_url: str, connection: Connection, today: date) -> None:
    for feed in (Feed.LIVE, Feed.SIMULATED):
        fill_ticks(connection, feed, ago(today, 3, 4, 5))
    end_old(database_url, Keeping(live_days=4))
    assert days(connection, "ticks_live") == set(ago(today, 3, 4))
    assert days(connection, "ticks_simulated") == set()


def test_leaves_it_to_timescaledb_where_that_is(timescale_url: str) -> None:
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        for _ in range(2):
            end_old(timescale_url, KEEPING)
            jobs = numbers(
                connection,
                "SELECT count(*) FROM timescaledb_information.jobs"
                " WHERE hypertable_schema = 'market'",
            )
            assert jobs == [(8,)]  # six hypertables are compressed, two ended
