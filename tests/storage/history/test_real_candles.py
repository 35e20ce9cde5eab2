"""Candles of recorded EUR-USD equal those that plain Python makes of its ticks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pyarrow as pa
import pytest

from connectors.parsing import parse
from connectors.recordings import RecordingReader
from market.bars import BAR_US
from market.clock import datetime_of, microseconds
from market.instruments import CATALOGUE
from market.ticks import TickBatch
from storage.candles import Bucket, recompute_candles
from storage.columns import ColumnReader, Numbers
from storage.partitions import TickPartitions
from storage.ticks import insert_ticks
from tests.api.harness import EURUSD
from tests.storage.history.making import FEED, OANDA, candle_batches, candle_query

FIRST_DAY = datetime(2014, 4, 30, tzinfo=UTC)


@pytest.fixture
def day(test_data: Path) -> TickBatch:
    """The first 15,000 quotes of Thursday 1 May 2014, from midnight UTC."""
    reader = RecordingReader([test_data / "fx_ticks" / "oanda_eurusd" / "20140501_quote.zip"])
    after: dict[str, int] = {}
    batches = []
    while not reader.finished():
        for record in reader.read(after):
            after[record.partition] = record.offset
            batches.append(parse(record, CATALOGUE).ticks)
    return TickBatch.concat(batches).take(slice(0, 15_000))


@pytest.fixture
async def columns(database_url: str, day: TickBatch) -> AsyncIterator[ColumnReader]:
    minutes = np.unique(day.time // BAR_US * BAR_US)
    with psycopg.connect(database_url, autocommit=True) as connection:
        TickPartitions(connection).ensure(FEED, day.time, minutes)
        with connection.transaction():
            insert_ticks(connection, FEED, day, all_new=True)
            buckets = [Bucket(minute, EURUSD, OANDA) for minute in minutes.tolist()]
            recompute_candles(connection, FEED, buckets)
    reader = ColumnReader(database_url, size=2)
    yield reader
    await reader.close()


def start_of(time_us: int, interval: str, zone: ZoneInfo) -> int:
    """Where a bucket begins, by the shortest way that is slow."""
    width_s = {"10s": 10, "90s": 90, "7m": 420, "1h": 3_600}
    if interval in width_s:
        return time_us - time_us % (width_s[interval] * 1_000_000)
    local = datetime_of(time_us).astimezone(zone)
    return microseconds(local.replace(hour=0, minute=0, second=0, microsecond=0))


async def test_every_number_is_exact(columns: ColumnReader, day: TickBatch) -> None:
    ticks = sorted((tick.time_us, tick.seq, tick) for tick in day.rows())
    mids = [(time, (Decimal(t.bid or 0) + Decimal(t.ask or 0)) / 2) for time, _, t in ticks]
    for interval, zone in (
        *((text, "UTC") for text in ("10s", "90s", "7m", "1h", "1d")),
        *(("1d", name) for name in ("America/New_York", "Asia/Kolkata")),
    ):
        expected: dict[int, list[Decimal]] = {}
        for time, mid in mids:
            expected.setdefault(start_of(time, interval, ZoneInfo(zone)), []).append(mid)
        query = candle_query(
            interval, instrument=EURUSD, sides=("m",), zone=ZoneInfo(zone), start=FIRST_DAY
        )
        batches = [b async for b in candle_batches(columns, query, numbers=Numbers.DECIMAL)]
        rows = pa.Table.from_batches(batches).to_pylist()
        assert [
            (microseconds(r["time"]), r["open"], r["high"], r["low"], r["close"], r["ticks"])
            for r in rows
        ] == [(t, p[0], max(p), min(p), p[-1], len(p)) for t, p in sorted(expected.items())]
        assert rows
