"""Between which times there is anything."""

from datetime import timedelta

import psycopg
import pytest

from market.bars import DAY_S, LAST, Bar, BarBatch
from market.clock import microseconds
from market.intervals import DAY_US, HOUR_US
from storage.bars import upsert_bars
from storage.columns import ColumnReader
from storage.history.extents import Extent, extent_of
from storage.history.ranges import Range
from storage.history.units import Subject
from storage.rollups import refresh
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks, trade
from tests.storage.history.making import ALPHAVANTAGE, FEED, OANDA, START, at, btc

pytestmark = pytest.mark.both_backends

TRADES = Subject(BTCUSDT, FEED, ("t",))
EVER = (0, microseconds(START) * 2)


async def test_of_minutes(database_url: str, columns: ColumnReader) -> None:
    store_ticks(database_url, [btc(n, "1", n) for n in (0, 30, 200)])
    assert await extent_of(columns, TRADES, DAY_S, EVER) == Extent(
        (at(0), at(201)), ("t",), bars=False
    )
    assert (await extent_of(columns, TRADES, DAY_S, (at(1), at(200)))).range_us == (at(30), at(31))


async def test_of_hours_that_are_rolled_up_and_minutes_that_are_not(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [btc(n, "1", n) for n in (30, 90, 200)])
    refresh(database_url, FEED, now=START + timedelta(hours=3))
    assert (await extent_of(columns, TRADES, DAY_S, EVER)).range_us == (at(0), at(201))
    within = (at(70), at(150))
    assert (await extent_of(columns, TRADES, DAY_S, within)).range_us == (at(60), at(120))


async def test_of_an_hour_that_was_touched_since_and_has_no_rollup_yet(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [btc(200, "1")])
    refresh(database_url, FEED, now=START + timedelta(hours=9))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO market.touched_hours (feed, instrument_id, hour, source_id)"
            " VALUES (%s, %s, %s, 11)",
            (FEED.code, BTCUSDT, START),
        )
    extent = await extent_of(columns, Subject(BTCUSDT, FEED, ("m", "t")), DAY_S, EVER)
    assert extent == Extent((at(0), at(240)), ("m", "t"), bars=False)


async def test_only_the_sides_that_are_there(database_url: str, columns: ColumnReader) -> None:
    store_ticks(database_url, [quote(at(0), OANDA, "1", "2")])
    subject = Subject(EURUSD, FEED, ("m", "t"))
    assert (await extent_of(columns, subject, DAY_S, EVER)).sides == ("m",)
    store_ticks(database_url, [trade(at(0), OANDA, "1", of=EURUSD)])
    assert (await extent_of(columns, subject, DAY_S, EVER)).sides == ("m", "t")


@pytest.mark.parametrize(("divisible_s", "found"), [(DAY_S, True), (3_600, False)])
async def test_of_bars_that_are_short_enough(
    database_url: str, columns: ColumnReader, divisible_s: int, *, found: bool
) -> None:
    midnight = at(0) // DAY_US * DAY_US
    bar = Bar(midnight, BTCUSDT, ALPHAVANTAGE, LAST, "1", "1", "1", "1", interval_s=DAY_S)
    with psycopg.connect(database_url) as connection:
        upsert_bars(connection, FEED, BarBatch.of([bar]))
    around: Range = (midnight - DAY_US, midnight + DAY_US + 1)
    expected = Extent(around, ("t",), bars=True) if found else Extent((0, 0), (), bars=False)
    assert await extent_of(columns, TRADES, divisible_s, EVER) == expected


async def test_of_nothing(columns: ColumnReader) -> None:
    nothing = Extent((0, 0), (), bars=False)
    assert await extent_of(columns, TRADES, DAY_S, EVER) == nothing
    assert await extent_of(columns, TRADES, DAY_S, (HOUR_US, HOUR_US)) == nothing
