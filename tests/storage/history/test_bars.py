"""Providers' own bars where nothing else is known."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from market.bars import DAY_S, LAST, Bar, BarBatch
from market.clock import microseconds
from market.intervals import Interval
from storage.bars import upsert_bars
from storage.columns import ColumnReader
from storage.history.bars import divisible_s
from tests.api.harness import AAPL, store_ticks, trade
from tests.storage.history.making import (
    ALPHAVANTAGE,
    BINANCE,
    FEED,
    NEW_YORK,
    UTC_ZONE,
    candle_query,
    first_candles,
)

pytestmark = pytest.mark.both_backends

KOLKATA = ZoneInfo("Asia/Kolkata")
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def day(
    number: int, close: int, source: int = ALPHAVANTAGE, length_s: int = DAY_S, hour: int = 0
) -> Bar:
    """A bar of Apple in March 2026."""
    time_us = microseconds(datetime(2026, 3, number, hour, tzinfo=UTC))
    prices = (str(close - 1), str(close + 1), str(close - 2), str(close))
    return Bar(time_us, AAPL, source, LAST, *prices, "100", interval_s=length_s)


def keep(database_url: str, *bars: Bar) -> None:
    with psycopg.connect(database_url) as connection:
        upsert_bars(connection, FEED, BarBatch.of(bars))


async def rows(
    columns: ColumnReader, interval: str, zone: ZoneInfo = UTC_ZONE
) -> list[dict[str, Any]]:
    query = candle_query(interval, instrument=AAPL, zone=zone, start=FIRST)
    return (await first_candles(columns, query, 100)).rows.to_pylist()


async def test_days_make_weeks_and_months(database_url: str, columns: ColumnReader) -> None:
    keep(database_url, *(day(number, number * 10) for number in (2, 3, 6, 9)))
    found = await rows(columns, "1w")
    assert [
        (row["time"].day, row["open"], row["high"], row["low"], row["close"]) for row in found
    ] == [
        (2, 19.0, 61.0, 18.0, 60.0),
        (9, 89.0, 91.0, 88.0, 90.0),
    ]
    assert [(row["volume"], row["ticks"], row["minutes"]) for row in found] == [
        (300.0, 0, 0),
        (100.0, 0, 0),
    ]
    (month,) = await rows(columns, "1M")
    assert (month["time"].day, month["open"], month["close"]) == (1, 19.0, 90.0)


@pytest.mark.parametrize("zone", [UTC_ZONE, NEW_YORK, KOLKATA])
async def test_a_session_keeps_its_date_in_every_zone(
    database_url: str, columns: ColumnReader, zone: ZoneInfo
) -> None:
    keep(database_url, day(6, 60), day(9, 90))  # the clocks of New York change between them
    found = await rows(columns, "1d", zone)
    assert [row["time"].astimezone(zone).strftime("%d %H:%M") for row in found] == [
        "06 00:00",
        "09 00:00",
    ]


async def test_a_bar_is_not_shown_where_minutes_are_known(
    database_url: str, columns: ColumnReader
) -> None:
    keep(database_url, day(2, 20), day(3, 30))
    noon = microseconds(datetime(2026, 3, 3, 12, tzinfo=UTC))
    store_ticks(database_url, [trade(noon, BINANCE, "7", of=AAPL)])
    found = await rows(columns, "1d")
    assert [(row["close"], row["ticks"]) for row in found] == [(20.0, 0), (7.0, 1)]


async def test_a_bar_is_never_part_of_something_shorter(
    database_url: str, columns: ColumnReader
) -> None:
    keep(database_url, day(2, 20))
    assert await rows(columns, "4h") == []
    assert await rows(columns, "1m") == []


async def test_a_bucket_is_of_one_source_and_the_longest_of_its_bars(
    database_url: str, columns: ColumnReader
) -> None:
    keep(
        database_url,
        *(day(2, 50 + hour, length_s=3600, hour=hour) for hour in (10, 11)),
        day(2, 20),
        day(3, 77, length_s=3600, hour=9),
        day(3, 99, BINANCE, length_s=3600, hour=9),
    )
    found = await rows(columns, "1d")
    assert [(row["close"], row["volume"]) for row in found] == [(20.0, 100.0), (99.0, 100.0)]
    hours = [(row["time"].hour, row["close"]) for row in await rows(columns, "2h")]
    assert hours == [(10, 61.0), (8, 99.0)]


async def test_hours_that_a_foreign_midnight_cuts_are_left_out(
    database_url: str, columns: ColumnReader
) -> None:
    keep(database_url, *(day(2, 10 + hour, length_s=3600, hour=hour) for hour in (17, 18, 19)))
    found = await rows(columns, "1d", KOLKATA)  # its midnight is at 18:30
    assert [(row["close"], row["volume"]) for row in found] == [(27.0, 100.0), (29.0, 100.0)]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("4h", 14_400), ("2M", 86_400)])
def test_a_bar_must_fit_a_whole_number_of_times(text: str, seconds: int) -> None:
    assert divisible_s(Interval.parse(text)) == seconds
