"""Years of history for benchmarks, in a database and as Parquet files of the same rows.

Ticks: the recorded EUR-USD quotes as flow `store` stores them, then again and again, three weeks
later each time, with their candles. Candles: a year of one-minute candles of every symbol in the hours of
a stock exchange, 252 days of 390 minutes, after a year that has one candle a day.
"""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.conftest import NewDatabase, execute
from benchmarks.processes import api_is_ready, running, settings_for, wait_until
from benchmarks.recordings import fx_files, records_of, ticks_of
from connectors.recordings import RecordingReader
from market.bars import BAR_US, LAST, MID, BarBatch
from market.instruments import AssetClass, Instrument, instruments_of
from market.sources import Feed, source_of
from market.ticks import Int64s, TickBatch
from pipelines.commit import CommitSink
from pipelines.running import run
from pipelines.source import LogSource
from pipelines.store import build_flow
from storage.candles import insert_candles
from storage.outcomes import OutcomeWriter
from storage.partitions import DAY_US, TickPartitions
from storage.rollups import refresh
from tradewind.servers import Servers
from tradewind.settings import FeedChoice, Settings

FEED = Feed.RECORDED
SOURCE = source_of("oanda", FEED)
TICKS_OF = instruments_of(FEED).by_symbol("EUR-USD")
SYMBOLS = tuple(instruments_of(FEED))[:50]
REPEATED = 19
"""How often the recorded quotes are there: 10,125,157 ticks in 14 months."""
APART_US = 21 * DAY_US
FIRST_DAY, FIRST_MINUTE_DAY, END_DAY = "2012-01-02", "2013-01-14", "2014-01-01"
"""From the second on, for 252 days, there is every minute of a session."""
SESSION_MINUTES = 390
OPENS_US = (14 * 60 + 30) * BAR_US
START_PRICE, EXPONENT = 10_000_000, 5
COPIES_AT_ONCE = 2

_TIME = pa.field("time", pa.timestamp("us", "UTC"))
_TICK_FIELDS: "list[pa.Field[Any]]" = [
    _TIME,
    pa.field("bid", pa.float64()),
    pa.field("ask", pa.float64()),
    pa.field("row", pa.int64()),
]
_TICK_SCHEMA = pa.schema(_TICK_FIELDS)
_CANDLE_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("symbol", pa.dictionary(pa.int32(), pa.string())),
    _TIME,
    *(pa.field(name, pa.float64()) for name in ("open", "high", "low", "close", "volume")),
]
_CANDLE_SCHEMA = pa.schema(_CANDLE_FIELDS)
_COPIED = {
    "ticks": "instrument_id, source_id, kind, feed, seq, bid, ask, price, size, late",
    "candles": "instrument_id, source_id, side, feed, open, high, low, close, volume, ticks,"
    " partition_id, log_offset",
}


@dataclass(frozen=True, slots=True)
class LongHistory:
    """Where it is, and the same as Parquet.

    `ticks` has time, bid, ask and the number of the row, which orders those of one instant. `candles` has
    symbol, time, open, high, low, close and volume of every minute, one symbol after another, and `days`
    of every day.
    """

    settings: Settings
    api_pid: int
    ticks: Path
    candles: Path
    days: Path


@pytest.fixture(scope="session")
def long_history(
    servers: Servers, new_database: NewDatabase, test_data: Path
) -> Iterator[LongHistory]:
    """The history, and the API process that serves it."""
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tw-")))
        settings = stack.enter_context(settings_for(database_url, servers.redis_url))
        settings = settings.model_copy(update={"feed": FeedChoice.REPLAY})
        ticks, candles, days = (
            directory / f"{name}.parquet" for name in ("ticks", "candles", "days")
        )
        store_ticks(database_url, fx_files(test_data, "eurusd"), directory / "recovery", ticks)
        store_candles(database_url, candles, days)
        while refresh(database_url, FEED).more:
            pass
        # Of hundreds of partitions and their parents: with the usual sample it takes a minute.
        execute(database_url, "SET default_statistics_target = 10; ANALYZE")
        execute(database_url, "CHECKPOINT")
        api = stack.enter_context(running(settings, "api"))
        wait_until(lambda: api_is_ready(settings), "the API")
        yield LongHistory(settings, api.pid, ticks, candles, days)


def store_ticks(database_url: str, files: Sequence[Path], directory: Path, parquet: Path) -> None:
    """The ticks of the files by flow `store`, then copied by the server; `directory` is of no use after."""
    reader = partial(RecordingReader, files)
    source = LogSource(reader, threading.Event(), dict)
    sink = CommitSink(lambda: OutcomeWriter(database_url, "store-recorded"))
    run(lambda: build_flow(source, sink, instruments_of(FEED)), directory)
    ticks = ticks_of(records_of(files))
    shifts = [number * APART_US for number in range(REPEATED)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        days = np.unique(ticks.time // DAY_US) * DAY_US
        times = np.concatenate([days + shift for shift in shifts])
        TickPartitions(connection).ensure(FEED, times, times)
    with ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
        copies = [threads.submit(_copy, database_url, ticks, each) for each in shifts[1:]]
        for copy in copies:
            copy.result()
    with pq.ParquetWriter(parquet, _TICK_SCHEMA) as file:
        for number in range(REPEATED):
            file.write_table(_tick_table(ticks, number))


def _copy(database_url: str, ticks: TickBatch, shift_us: int) -> None:
    first, last = int(ticks.time[0]) - BAR_US, int(ticks.time[-1])
    for table, rest in _COPIED.items():
        execute(
            database_url,
            f"INSERT INTO market.{table}_{FEED.value} (time, {rest})"
            f" SELECT time + {shift_us} * interval '1 microsecond', {rest}"
            f" FROM market.{table}_{FEED.value} WHERE instrument_id = {TICKS_OF.id}"
            f" AND time BETWEEN to_timestamp({first / 1e6}) AND to_timestamp({last / 1e6})"
            " ORDER BY time",
        )


def _tick_table(ticks: TickBatch, number: int) -> pa.Table:
    scale = 10.0**ticks.exponent
    columns = [
        _times(ticks.time + number * APART_US),
        pa.array(ticks.bid / scale),
        pa.array(ticks.ask / scale),
        pa.array(np.arange(len(ticks)) + number * len(ticks)),
    ]
    return pa.Table.from_arrays(columns, schema=_TICK_SCHEMA)


def store_candles(database_url: str, parquet: Path, daily_parquet: Path) -> None:
    """The candles of every symbol, COPYed by the product's writer."""
    days = np.arange(FIRST_DAY, END_DAY, dtype="datetime64[D]")
    opens = days[np.is_busday(days)].astype(np.int64) * DAY_US + OPENS_US
    early = np.busday_count(FIRST_DAY, FIRST_MINUTE_DAY)
    minutes = opens[early:, None] + np.arange(SESSION_MINUTES) * BAR_US
    times = np.concatenate([opens[:early], minutes.ravel()])
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        pq.ParquetWriter(parquet, _CANDLE_SCHEMA) as all_minutes,
        pq.ParquetWriter(daily_parquet, _CANDLE_SCHEMA) as daily,
    ):
        TickPartitions(connection).ensure(FEED, times[:0], times)
        for instrument in SYMBOLS:
            bars = _bars(instrument, times)
            with connection.transaction():
                assert insert_candles(connection, FEED, bars, 0, 0)
            all_minutes.write_table(_candle_table(instrument, bars))
            daily.write_table(_candle_table(instrument, _by_day(bars)))


def side_of(instrument: Instrument) -> str:
    """The side of its candles: of FX the mid, else the traded price."""
    return chr(MID if instrument.asset_class is AssetClass.FX else LAST)


def _bars(instrument: Instrument, times: Int64s) -> BarBatch:
    """A walk that has half of its steps in common with every other symbol's."""
    own, common = np.random.default_rng(instrument.id), np.random.default_rng(0)
    widths = np.where(np.diff(times, prepend=0) > BAR_US, 30_000, 1_500)
    steps = (own.normal(size=len(times)) + common.normal(size=len(times))) * widths
    bars = BarBatch.empty(len(times))
    closes = START_PRICE + np.cumsum(steps).astype(np.int64)
    opens = np.concatenate([[START_PRICE], closes[:-1]])
    wicks = own.integers(0, 1_000, (2, len(times)))
    bars.prices[:] = np.stack(
        [
            opens,
            np.maximum(opens, closes) + wicks[0],
            np.minimum(opens, closes) - wicks[1],
            closes,
        ],
        axis=1,
    )
    assert bars.prices.min() > 0
    bars.time[:] = times
    bars.exponents[:] = EXPONENT
    bars.instrument[:] = instrument.id
    bars.source[:] = SOURCE.id
    bars.side[:] = ord(side_of(instrument))
    bars.ticks[:] = 60
    bars.volume_units[:] = own.integers(1, 1_000, len(times))
    return bars


def _by_day(bars: BarBatch) -> BarBatch:
    """The bars of whole days, in UTC, by their first, highest, lowest, last and sum."""
    days, first = np.unique(bars.time // DAY_US, return_index=True)
    last = np.append(first[1:], len(bars)) - 1
    found = bars.take(first)
    found.time[:] = days * DAY_US
    found.prices[:, 1] = np.maximum.reduceat(bars.prices[:, 1], first)
    found.prices[:, 2] = np.minimum.reduceat(bars.prices[:, 2], first)
    found.prices[:, 3] = bars.prices[last, 3]
    found.volume_units[:] = np.add.reduceat(bars.volume_units, first)
    return found


def _candle_table(instrument: Instrument, bars: BarBatch) -> pa.Table:
    symbols = pa.DictionaryArray.from_arrays(
        np.zeros(len(bars), np.int32), pa.array([instrument.symbol])
    )
    prices = [pa.array(column) for column in (bars.prices / 10.0**bars.exponents).T]
    volume = pa.array(bars.volume_units.astype(np.float64))
    columns = [symbols, _times(bars.time), *prices, volume]
    return pa.Table.from_arrays(columns, schema=_CANDLE_SCHEMA)


def _times(times: Int64s) -> "pa.Array[Any]":
    return pa.array(times, pa.int64()).cast(pa.timestamp("us", "UTC"))
