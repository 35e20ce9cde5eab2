"""Which rows candles are made of: rollups where they are exact, minutes everywhere else.

The rollups are made up, so that they can be told from their minutes, which TimescaleDB does not allow.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from market.clock import microseconds
from market.intervals import DAY_US, HOUR_US, Interval
from storage.columns import ColumnReader, Numbers
from storage.history.candles import CandleQuery
from storage.history.units import DAYS, HOURS, MINUTES, levels_for
from tests.api.harness import BTCUSDT, store_ticks
from tests.storage.history.making import (
    BINANCE,
    COINGECKO,
    FEED,
    NEW_YORK,
    START,
    UTC_ZONE,
    btc,
    candle_query,
    first_candles,
)

MIDNIGHT = START.replace(hour=0)
HOUR = timedelta(hours=1)


def roll(
    database_url: str,
    relation: str,
    time: datetime,
    close: int,
    minutes: int = 60,
    tick_minutes: int | None = None,
    source: int = BINANCE,
) -> None:
    """A rollup that can be told from its minutes: only its close is `close`, nothing is checked."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            f"INSERT INTO market.{relation}"
            " VALUES (%s, %s, %s, 't', %s, 1, 99, 1, %s, 5, 70, %s, %s)".encode(),
            (
                time,
                BTCUSDT,
                source,
                FEED.code,
                close,
                minutes,
                minutes if tick_minutes is None else tick_minutes,
            ),
        )


def mark(database_url: str, until: datetime, touched: Sequence[datetime] = ()) -> None:
    """Rollups are whole until then, but for these hours."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO market.rollup_marks (feed, watched, until) VALUES (%s, %s, %s)"
            " ON CONFLICT (feed) DO UPDATE SET until = excluded.until",
            (FEED.code, until, until),
        )
        for hour in touched:
            connection.execute(
                "INSERT INTO market.touched_hours (feed, instrument_id, hour, source_id)"
                " VALUES (%s, %s, %s, %s)",
                (FEED.code, BTCUSDT, hour, BINANCE),
            )


async def closes(columns: ColumnReader, query: CandleQuery) -> list[Any]:
    page = await first_candles(columns, query, 100, numbers=Numbers.FLOAT64)
    return [int(row["close"]) for row in page.rows.to_pylist()]


@pytest.fixture
def ticks(database_url: str) -> None:
    """A trade every ten minutes from 10:00 to 12:50, at the hour it is made in."""
    store_ticks(database_url, [btc(n * 10, str(10 + n // 6), n) for n in range(18)])


@pytest.mark.usefixtures("ticks")
class TestHours:
    async def test_a_rollup_is_read_below_the_mark_and_minutes_from_there(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        for hour in range(3):
            roll(database_url, "candles_1h", START + hour * HOUR, 90 + hour, minutes=6)
        assert await closes(columns, candle_query("1h")) == [10, 11, 12]  # nothing is marked yet
        mark(database_url, START + 2 * HOUR)
        assert await closes(columns, candle_query("1h")) == [90, 91, 12]
        assert await closes(columns, candle_query("2h")) == [91, 12]

    async def test_a_touched_hour_is_read_as_minutes(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        for hour in range(3):
            roll(database_url, "candles_1h", START + hour * HOUR, 90 + hour, minutes=6)
        mark(database_url, START + 3 * HOUR, [START + HOUR])
        assert await closes(columns, candle_query("1h")) == [90, 11, 92]

    async def test_of_several_rollups_the_best_must_have_ticks_in_every_minute(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        mark(database_url, START + 3 * HOUR)
        for hour, full in ((0, 60), (1, 59), (2, 60)):
            roll(database_url, "candles_1h", START + hour * HOUR, 90 + hour, 60, full)
            roll(database_url, "candles_1h", START + hour * HOUR, 80, 60, source=COINGECKO)
        assert await closes(columns, candle_query("1h")) == [90, 11, 92]

    async def test_a_rollup_of_bars_alone_yields_to_one_with_ticks(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        mark(database_url, START + 3 * HOUR)
        for hour, bars in ((0, 0), (1, 0), (2, 0)):
            roll(database_url, "candles_1h", START + hour * HOUR, 90 + hour, 60, bars)
            full = (60, 30, 0)[hour]
            roll(database_url, "candles_1h", START + hour * HOUR, 80, 60, full, COINGECKO)
        assert await closes(columns, candle_query("1h")) == [80, 11, 92]

    async def test_an_interval_that_is_not_of_whole_hours_is_made_of_minutes(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        roll(database_url, "candles_1h", START, 90, minutes=6)
        mark(database_url, START + HOUR)
        assert await closes(columns, candle_query("30m")) == [10, 10, 11, 11, 12, 12]


@pytest.mark.usefixtures("ticks")
class TestDays:
    async def test_a_day_is_read_where_it_is_whole(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        roll(database_url, "candles_1d", MIDNIGHT, 77, minutes=18)
        roll(database_url, "candles_1h", START + 2 * HOUR, 92, minutes=6)
        query = candle_query("1d", start=MIDNIGHT)
        mark(database_url, MIDNIGHT + timedelta(hours=23))
        assert await closes(columns, query) == [92]  # of hours: the day has not ended
        mark(database_url, MIDNIGHT + timedelta(days=1))
        assert await closes(columns, query) == [77]
        assert await closes(columns, candle_query("1M", start=MIDNIGHT.replace(day=1))) == [77]

    async def test_a_day_of_which_an_hour_is_touched_is_read_as_its_hours(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        roll(database_url, "candles_1d", MIDNIGHT, 77, minutes=18)
        for hour in range(3):
            roll(database_url, "candles_1h", START + hour * HOUR, 90 + hour, minutes=6)
        mark(database_url, MIDNIGHT + timedelta(days=1), [START])
        page = await first_candles(columns, candle_query("1d", start=MIDNIGHT), 9)
        (row,) = page.rows.to_pylist()
        assert (row["open"], row["close"], row["ticks"]) == (10.0, 92.0, 6 + 2 * 70)

    async def test_a_day_of_a_zone_is_made_of_its_hours(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        roll(database_url, "candles_1d", MIDNIGHT, 77, minutes=18)
        roll(database_url, "candles_1h", START + 2 * HOUR, 92, minutes=6)
        mark(database_url, MIDNIGHT + timedelta(days=1))
        start = MIDNIGHT - timedelta(days=1)
        assert await closes(columns, candle_query("1d", zone=NEW_YORK, start=start)) == [92]
        kolkata = candle_query("1d", zone=ZoneInfo("Asia/Kolkata"), start=start)
        assert await closes(columns, kolkata) == [12]


def test_levels() -> None:
    day = microseconds(datetime(2026, 11, 24, tzinfo=UTC))
    range_us = (day, day + DAY_US)
    assert levels_for(Interval.parse("1d"), range_us, UTC_ZONE) == [DAYS, HOURS, MINUTES]
    assert levels_for(Interval.parse("4h"), range_us, UTC_ZONE) == [HOURS, MINUTES]
    assert levels_for(Interval.parse("5m"), range_us, UTC_ZONE) == [MINUTES]
    assert (HOURS.minutes, DAYS.width_us // HOUR_US) == (60, 24)
