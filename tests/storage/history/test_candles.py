"""Candles of any interval, made of the minutes that the database remembers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import LAST, MID, Bar, BarBatch
from market.clock import datetime_of, microseconds
from market.intervals import Interval
from market.sources import Feed, source_of
from storage.columns import ColumnReader, Numbers
from storage.history.candles import CandleQuery
from storage.history.folding import candle_schema
from storage.rollups import refresh
from tests.api.harness import BTCUSDT, EURUSD, quote, store_bars, store_ticks, trade
from tests.storage.history.making import (
    ALPHAVANTAGE,
    BINANCE,
    BTCUSD,
    COINBASE,
    COINGECKO,
    FEED,
    KRAKEN,
    NEW_YORK,
    OANDA,
    START,
    UTC_ZONE,
    at,
    btc,
    candle_batches,
    candle_query,
    first_candles,
    last_candles,
)

pytestmark = pytest.mark.both_backends

Rows = list[dict[str, Any]]


async def candles(columns: ColumnReader, query: CandleQuery) -> Rows:
    """All candles of the query, as a stream gives them; pages must say the same."""
    batches = [batch async for batch in candle_batches(columns, query)]
    streamed = pa.Table.from_batches(batches, candle_schema(Numbers.FLOAT64)).to_pylist()
    first = await first_candles(columns, query, 1_000)
    last = await last_candles(columns, query, 1_000)
    assert first.rows.to_pylist() == last.rows.to_pylist() == streamed
    assert first.following_us is None
    return streamed


def facts(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


class TestCandles:
    async def test_five_minutes_are_made_of_their_minutes(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        prices = ["5", "9", "2", "7", "6", "8", "1"]
        store_ticks(database_url, [btc(n, price, n) for n, price in enumerate(prices)])
        rows = await candles(columns, candle_query("5m"))
        assert facts(rows, *candle_schema(Numbers.FLOAT64).names) == [
            (START, 5.0, 9.0, 2.0, 6.0, 2.5, 5, 5),
            (START + timedelta(minutes=5), 8.0, 8.0, 1.0, 1.0, 1.0, 2, 2),
        ]

    async def test_decimals_are_exact(self, database_url: str, columns: ColumnReader) -> None:
        prices = ["0.1", "0.300000000000000001", "0.2"]
        store_ticks(database_url, [btc(n, price, n) for n, price in enumerate(prices)])
        page = await first_candles(columns, candle_query("1h"), 9, numbers=Numbers.DECIMAL)
        (row,) = page.rows.to_pylist()
        assert facts([row], "open", "high", "low", "close", "volume") == [
            tuple(map(Decimal, ("0.1", "0.300000000000000001", "0.1", "0.2", "1.5")))
        ]

    async def test_a_candle_is_in_a_range_when_it_opens_there_and_then_it_is_whole(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        store_ticks(database_url, [btc(n, "1", n) for n in range(20)])
        query = candle_query(
            "5m", start=START + timedelta(minutes=3), end=START + timedelta(minutes=11)
        )
        rows = await candles(columns, query)
        assert [(row["time"].minute, row["ticks"]) for row in rows] == [(5, 5), (10, 5)]

    async def test_ticks_win_over_bars_and_then_the_best_rank(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        bars = [
            Bar(at(minute), BTCUSDT, BINANCE, LAST, "9", "9", "9", "9", "1") for minute in range(3)
        ]
        store_bars(database_url, FEED, BarBatch.of(bars))
        store_ticks(database_url, [btc(1, "2", 0, COINGECKO), btc(2, "3", 0, COINGECKO)])
        store_ticks(database_url, [btc(2, "1")])
        rows = await candles(columns, candle_query("1m"))
        assert facts(rows, "close", "ticks") == [(9.0, 0), (2.0, 1), (1.0, 1)]

    async def test_the_side_named_first_wins_and_the_next_fills_its_holes(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        bar = Bar(at(0), EURUSD, ALPHAVANTAGE, MID, "9", "9", "9", "9")
        store_bars(database_url, FEED, BarBatch.of([bar]))
        store_ticks(
            database_url,
            [
                quote(at(1), OANDA, "1", "3"),
                trade(at(1), OANDA, "7", of=EURUSD),
                trade(at(2), OANDA, "8", of=EURUSD),
            ],
        )
        rows = await candles(columns, candle_query("1m", instrument=EURUSD, sides=("m", "t")))
        assert facts(rows, "close") == [(9.0,), (2.0,), (8.0,)]

    async def test_days_begin_at_midnight_of_their_zone_also_where_clocks_change(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        hours = [datetime(2026, 10, 31, tzinfo=UTC) + timedelta(hours=n) for n in range(72)]
        store_ticks(database_url, [trade(microseconds(hour), BINANCE, "1") for hour in hours])
        start = datetime(2026, 10, 31, 4, tzinfo=UTC)
        rows = await candles(columns, candle_query("1d", zone=NEW_YORK, start=start))
        assert [(row["time"].hour, row["ticks"]) for row in rows] == [(4, 24), (4, 25), (5, 19)]
        month = candle_query("1M", start=datetime(2026, 10, 1, tzinfo=UTC))
        rows = await candles(columns, month)
        assert [(row["time"].month, row["ticks"]) for row in rows] == [(10, 24), (11, 48)]

    async def test_nothing_is_an_empty_answer(self, columns: ColumnReader) -> None:
        assert await candles(columns, candle_query("1m")) == []
        none = candle_query("1M", start=START, end=START + timedelta(days=1))
        assert await candles(columns, none) == []

    async def test_feeds_never_mix(self, database_url: str, columns: ColumnReader) -> None:
        simulated = source_of("binance", Feed.SIMULATED).id
        store_ticks(database_url, [btc(0, "1", 0, simulated)])
        assert await candles(columns, candle_query("1m")) == []
        assert await candles(columns, candle_query("1s")) == []

    @pytest.mark.parametrize("interval", ["10s", "1m", "5m", "1h", "1d"])
    async def test_pages_hold_everything_once(
        self, database_url: str, columns: ColumnReader, interval: str
    ) -> None:
        store_ticks(database_url, [btc(41 * n, str(n + 1), n) for n in range(120)])
        everything = await candles(columns, candle_query(interval))
        seen: Rows = []
        start = START
        following: int | None = 0
        while following is not None:
            page = await first_candles(columns, candle_query(interval, start=start), 7)
            seen += page.rows.to_pylist()
            following = page.following_us
            start = start if following is None else datetime_of(following)
        assert seen == everything
        last = await last_candles(columns, candle_query(interval), 7)
        assert last.rows.to_pylist() == everything[-7:]


async def test_a_minutes_candle_is_of_one_source_and_nothing_is_summed_across_them(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(
        database_url,
        [
            *(trade(at(n / 4), KRAKEN, "10", n, of=BTCUSD) for n in range(4)),
            *(trade(at(n / 4), COINBASE, "20", n, of=BTCUSD) for n in range(8)),
            *(trade(at(n), COINGECKO, "30", n, of=BTCUSD) for n in range(3)),
        ],
    )
    rows = await candles(columns, candle_query("1m", instrument=BTCUSD))
    assert facts(rows, "close", "ticks", "volume") == [
        (10.0, 4, 2.0),
        (20.0, 4, 2.0),
        (30.0, 1, 0.5),
    ]
    (row,) = await candles(columns, candle_query("5m", instrument=BTCUSD))
    assert facts([row], "open", "high", "close", "ticks", "volume") == [(10, 30, 30, 9, 4.5)]


@given(
    ticks=st.lists(
        st.tuples(
            st.integers(0, 300),
            st.integers(1, 9),
            st.sampled_from([BINANCE, COINGECKO]),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda tick: (tick[0], tick[2]),
    ),
    interval=st.sampled_from(["20s", "1m", "90s", "7m", "1h", "1d", "1M"]),
)
async def test_candles_equal_those_that_are_made_tick_by_tick(
    database_url: str, ticks: list[tuple[int, int, int]], interval: str
) -> None:
    """Every sixth of a minute may have a tick of each source; a minute is of the best one of it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in ("ticks", "candles"):
            connection.execute(f"TRUNCATE market.{table}_{FEED.value}".encode())
    store_ticks(database_url, [btc(n / 6, str(p), n, source) for n, p, source in ticks])
    width = Interval.parse(interval)
    expected: dict[int, list[float]] = {}
    for number, price, source in sorted(ticks):
        minute = [each for each in ticks if each[0] // 6 == number // 6]
        if source == min((each[2] for each in minute), key=[BINANCE, COINGECKO].index):
            start = width.start_of(datetime_of(at(number / 6)), UTC_ZONE)
            expected.setdefault(microseconds(start), []).append(float(price))
    reader = ColumnReader(database_url, size=2)
    query = candle_query(interval, start=datetime(2026, 11, 1, tzinfo=UTC))
    rows = await candles(reader, query)
    await reader.close()
    assert [
        (
            microseconds(row["time"]),
            row["open"],
            row["high"],
            row["low"],
            row["close"],
            row["ticks"],
        )
        for row in rows
    ] == [(t, p[0], max(p), min(p), p[-1], len(p)) for t, p in sorted(expected.items())]


@pytest.mark.parametrize("interval", ["1h", "1d", "1w", "1M"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
async def test_wide_candles_are_the_same_of_rollups_and_of_minutes(
    database_url: str, columns: ColumnReader, interval: str, zone: str
) -> None:
    """Hours of one source alone, of two, and of two of which one has ticks in every minute."""
    alone = [btc(n * 97, str(n % 7 + 1), n) for n in range(60)]
    others = [btc(n * 61, str(n % 5 + 10), n, COINGECKO) for n in range(60)]
    full = [btc(600 + n, str(n % 9 + 20), n + 100) for n in range(120)]
    store_ticks(database_url, alone + others + full)
    query = candle_query(interval, zone=ZoneInfo(zone), start=datetime(2026, 10, 25, tzinfo=UTC))
    of_minutes = await candles(columns, query)
    refresh(database_url, FEED, now=START + timedelta(hours=50))
    assert await candles(columns, query) == of_minutes
    assert sum(row["ticks"] for row in of_minutes) > 180
