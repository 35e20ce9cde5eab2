"""Upkeep: rooms for the days ahead, and an end of what has been kept long enough."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from market.clock import microseconds
from market.sources import Feed
from storage.books import partition_id, register_read
from storage.partitions import TickPartitions, ensure_inbox_days
from storage.upkeep import INBOX_DAYS, SIMULATED_DAYS, keep_up
from tests.storage.making import SOURCE, numbers

Connection = psycopg.Connection[Any]


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
        keep_up(database_url, simulated=True)
        assert days(connection, "inbox") == {today, today + timedelta(days=1)}


@pytest.mark.parametrize("simulated", [True, False])
def test_drops_old_simulated_ticks_alone_and_only_when_told(
    database_url: str, connection: Connection, today: date, simulated: bool
) -> None:
    kept = ago(today, *range(SIMULATED_DAYS + 1))
    old = ago(today, SIMULATED_DAYS + 1, SIMULATED_DAYS + 40)
    for feed in Feed:
        fill_ticks(connection, feed, kept + old)
    keep_up(database_url, simulated)
    assert days(connection, "ticks_simulated") == set(kept if simulated else kept + old)
    assert days(connection, "ticks_live") == set(kept + old) == days(connection, "ticks_recorded")


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
    ensure_inbox_days(connection, last_kept)
    for offset, day in enumerate(reversed(last_kept)):
        connection.execute(
            "INSERT INTO market.inbox VALUES (%s, %s, %s, now(), '', '', '')",
            (identity, offset, day),
        )
    if read_until is not None:
        register_read(connection, "store-simulated", {identity: read_until})
    keep_up(database_url, simulated=False)
    assert days(connection, "inbox") == {*last_kept[:kept_days], today + timedelta(days=1)}
