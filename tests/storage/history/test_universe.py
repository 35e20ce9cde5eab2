"""Candles of many instruments: the same as each has by itself, and who is left out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import pytest

from market.bars import LAST, Bar, BarBatch
from market.clock import microseconds
from market.intervals import Interval
from storage.bars import upsert_bars
from storage.columns import ColumnReader, Numbers
from storage.history.candles import CandleQuery
from storage.history.folding import candle_schema
from storage.history.units import Subject
from storage.history.universe import UniverseQuery, known_before, universe_candles
from storage.rollups import refresh
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks, trade
from tests.storage.history.making import (
    BINANCE,
    BTCUSD,
    COINGECKO,
    FEED,
    NEW_YORK,
    OANDA,
    START,
    UTC_ZONE,
    at,
    candle_batches,
)
from tests.storage.history.test_units import roll

MIDNIGHT = START.replace(hour=0)
SUBJECTS = [
    Subject(BTCUSDT, FEED, ("t",)),
    Subject(BTCUSD, FEED, ("t",)),
    Subject(EURUSD, FEED, ("m", "t")),
]


@pytest.fixture
def stored(database_url: str) -> None:
    """Two days of ticks every twenty minutes, rolled up; EUR-USD has mids, and rates of its own beside."""
    ticks = []
    for number in range(144):
        time_us = at(number * 20)
        ticks.append(trade(time_us, BINANCE, str(100 + number % 7), number))
        ticks.append(trade(time_us, BINANCE, str(200 + number % 5), number, of=BTCUSD))
        ticks.append(quote(time_us, OANDA, "1.1", f"1.{2 + number % 3}", number))
    for source in (BINANCE, OANDA):
        store_ticks(database_url, [tick for tick in ticks if tick.source == source])
    refresh(database_url, FEED, now=MIDNIGHT + timedelta(days=3))


def query(interval: str, zone: ZoneInfo = UTC_ZONE, days: int = 3) -> UniverseQuery:
    start, end = MIDNIGHT, MIDNIGHT + timedelta(days=days)
    asked = Interval.parse(interval)
    range_us = (
        microseconds(asked.first_from(start, zone)),
        microseconds(asked.first_from(end, zone)),
    )
    return UniverseQuery(SUBJECTS, asked, zone, range_us)


async def alone(columns: ColumnReader, asked: UniverseQuery, subject: Subject) -> pa.Table:
    """The candles of one, as everybody else reads them."""
    start, end = (datetime.fromtimestamp(us // 1_000_000, UTC) for us in asked.range_us)
    one = CandleQuery(
        subject.instrument_id, FEED, subject.sides, asked.interval, asked.zone, start, end
    )
    schema = candle_schema(Numbers.FLOAT64)
    found = [pa.Table.from_batches([batch]) async for batch in candle_batches(columns, one)]
    return pa.concat_tables([schema.empty_table(), *found])


@pytest.mark.both_backends
@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("interval", "zone"), [("1h", UTC_ZONE), ("6h", UTC_ZONE), ("1d", NEW_YORK)]
)
async def test_all_have_what_each_has_by_itself(
    columns: ColumnReader, interval: str, zone: ZoneInfo
) -> None:
    asked = query(interval, zone)
    found = await universe_candles(columns, asked)
    assert found.parts.keys() == {subject.instrument_id for subject in SUBJECTS}
    for subject in SUBJECTS:
        expected = await alone(columns, asked, subject)
        assert found.of(subject.instrument_id).to_pylist() == expected.to_pylist()
        assert expected.num_rows > 1


@pytest.mark.usefixtures("stored")
async def test_who_has_bars_touched_hours_or_several_sources_is_left_out(
    columns: ColumnReader, database_url: str
) -> None:
    roll(database_url, "candles_1h", START, 80, source=COINGECKO)
    bar = Bar(microseconds(MIDNIGHT), BTCUSD, BINANCE, LAST, "1", "1", "1", "1", interval_s=3_600)
    with psycopg.connect(database_url) as connection:
        upsert_bars(connection, FEED, BarBatch.of([bar]))
        connection.execute(
            "INSERT INTO market.touched_hours (feed, instrument_id, hour, source_id)"
            " VALUES (%s, %s, %s, %s)",
            (FEED.code, EURUSD, START, OANDA),
        )
    assert (await universe_candles(columns, query("1h"))).parts == {}


@pytest.mark.usefixtures("stored")
async def test_nobody_is_told_what_rollups_do_not_hold(columns: ColumnReader) -> None:
    assert (await universe_candles(columns, query("30m"))).parts == {}
    assert (
        await universe_candles(columns, query("1h", days=9))
    ).parts == {}  # they end long before
    nobody = UniverseQuery([], Interval.parse("1h"), UTC_ZONE, (0, 1))
    assert (await universe_candles(columns, nobody)).parts == {}


@pytest.mark.usefixtures("stored")
async def test_who_is_known_before_an_instant(columns: ColumnReader) -> None:
    ids = [BTCUSDT, BTCUSD, EURUSD, 9_999]
    assert await known_before(columns, FEED, ids, at(60)) == {BTCUSDT, BTCUSD, EURUSD}
    assert await known_before(columns, FEED, ids, at(0)) == set()
