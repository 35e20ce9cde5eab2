"""What the tests of history stand on: ticks in few words, minutes after 10:00 of a Tuesday, and candles."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from market.clock import microseconds
from market.instruments import CATALOGUE
from market.intervals import Interval
from market.sources import Feed, source_of
from market.ticks import Tick
from storage.columns import ColumnReader, Numbers
from storage.history import walking
from storage.history.candles import CandleQuery, candle_series
from storage.history.walking import CandlePage
from tests.api.harness import BTCUSDT, trade

FEED = Feed.RECORDED
BINANCE, ALPHAVANTAGE, COINGECKO, OANDA, KRAKEN, COINBASE = (
    source_of(provider, FEED).id
    for provider in ("binance", "alphavantage", "coingecko", "oanda", "kraken", "coinbase")
)
BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
LAST_TIME = datetime(9000, 1, 1, tzinfo=UTC)
UTC_ZONE, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
MINUTE_US = 60_000_000


def at(minutes: float) -> int:
    """That many minutes after the start, in microseconds."""
    return microseconds(START) + round(minutes * MINUTE_US)


def btc(minutes: float, price: str, seq: int = 0, source: int = BINANCE) -> Tick:
    """A trade of BTC-USDT, so long after the start."""
    return trade(at(minutes), source, price, seq)


def candle_query(
    interval: str,
    *,
    instrument: int = BTCUSDT,
    sides: Sequence[str] = ("t",),
    zone: ZoneInfo = UTC_ZONE,
    start: datetime = START,
    end: datetime = LAST_TIME,
) -> CandleQuery:
    """Candles of BTC-USDT from the start on, or of what is said."""
    return CandleQuery(instrument, FEED, sides, Interval.parse(interval), zone, start, end)


async def candle_batches(
    columns: ColumnReader, query: CandleQuery, *, numbers: Numbers = Numbers.FLOAT64
) -> AsyncGenerator[pa.RecordBatch]:
    """All candles of the query, ascending, the one that still grows among them."""
    series = await candle_series(columns, query, numbers)
    async with aclosing(walking.batches(series)) as batches:
        async for batch in batches:
            yield batch


async def first_candles(
    columns: ColumnReader,
    query: CandleQuery,
    limit: int,
    *,
    numbers: Numbers = Numbers.FLOAT64,
) -> CandlePage:
    """The first candles of the query."""
    return await walking.first_page(await candle_series(columns, query, numbers), limit)


async def last_candles(
    columns: ColumnReader,
    query: CandleQuery,
    limit: int,
    *,
    numbers: Numbers = Numbers.FLOAT64,
) -> CandlePage:
    """The last candles of the query."""
    return await walking.last_page(await candle_series(columns, query, numbers), limit)
