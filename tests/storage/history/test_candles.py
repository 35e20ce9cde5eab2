"""Candles of any interval, made of the minutes that the database remembers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from market.bars import LAST, MID, Bar, BarBatch
from market.clock import microseconds
from market.intervals import Interval
from market.sources import Feed, source_of
from storage.history.candles import CandleQuery, CandleRow, candles_before, candles_from
from storage.pools import ReadPool
from tests.api.harness import BTCUSDT, EURUSD, quote, store_bars, store_ticks, trade
from tests.storage.history.making import (
    ALPHAVANTAGE,
    BINANCE,
    BTCUSD,
    COINBASE,
    COINGECKO,
    FEED,
    KRAKEN,
    LAST_TIME,
    NEW_YORK,
    OANDA,
    START,
    UTC_ZONE,
    at,
    btc,
)


def candle_query(
    interval: Interval,
    *,
    instrument: int = BTCUSDT,
    sides: Sequence[str] = ("t",),
    zone: ZoneInfo = UTC_ZONE,
    start: datetime = START,
    end: datetime = LAST_TIME,
    limit: int = 100,
) -> CandleQuery:
    return CandleQuery(instrument, FEED, sides, interval, zone, start, end, limit)


class TestCandles:
    async def test_five_minutes_are_made_of_their_minutes(
        self, database_url: str, pool: ReadPool
    ) -> None:
        prices = ["5", "9", "2", "7", "6", "8", "1"]
        store_ticks(database_url, [btc(n, price, n) for n, price in enumerate(prices)])
        rows, more = await pool.read(candles_from, candle_query(Interval.M5))
        assert more is False
        assert [
            (row.time, row.open, row.high, row.low, row.close, row.volume, row.ticks)
            for row in rows
        ] == [
            (START, 5.0, 9.0, 2.0, 6.0, 2.5, 5),
            (START + timedelta(minutes=5), 8.0, 8.0, 1.0, 1.0, 1.0, 2),
        ]

    async def test_a_candle_is_in_a_range_when_it_opens_there_and_then_it_is_whole(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(database_url, [btc(n, "1", n) for n in range(20)])
        query = candle_query(
            Interval.M5, start=START + timedelta(minutes=3), end=START + timedelta(minutes=11)
        )
        rows, _ = await pool.read(candles_from, query)
        assert [(row.time.minute, row.ticks) for row in rows] == [(5, 5), (10, 5)]
        assert await pool.read(candles_before, query) == rows

    async def test_ticks_win_over_bars_and_then_the_best_rank(
        self, database_url: str, pool: ReadPool
    ) -> None:
        bars = [
            Bar(at(minute), BTCUSDT, BINANCE, LAST, "9", "9", "9", "9", "1") for minute in range(3)
        ]
        store_bars(database_url, FEED, BarBatch.of(bars))
        store_ticks(database_url, [btc(1, "2", 0, COINGECKO), btc(2, "3", 0, COINGECKO)])
        store_ticks(database_url, [btc(2, "1")])
        rows, _ = await pool.read(candles_from, candle_query(Interval.M1))
        assert [(row.close, row.ticks) for row in rows] == [(9.0, 0), (2.0, 1), (1.0, 1)]

    async def test_the_side_named_first_wins_and_the_next_fills_its_holes(
        self, database_url: str, pool: ReadPool
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
        query = candle_query(Interval.M1, instrument=EURUSD, sides=("m", "t"))
        rows, _ = await pool.read(candles_from, query)
        assert [row.close for row in rows] == [9.0, 2.0, 8.0]

    async def test_days_begin_at_midnight_of_their_zone_also_where_clocks_change(
        self, database_url: str, pool: ReadPool
    ) -> None:
        hours = [datetime(2026, 10, 31, tzinfo=UTC) + timedelta(hours=n) for n in range(72)]
        store_ticks(database_url, [trade(microseconds(hour), BINANCE, "1") for hour in hours])
        start = datetime(2026, 10, 31, 4, tzinfo=UTC)
        query = candle_query(Interval.D1, zone=NEW_YORK, start=start)
        rows, _ = await pool.read(candles_from, query)
        assert [(row.time.hour, row.ticks) for row in rows] == [(4, 24), (4, 25), (5, 19)]
        month = candle_query(Interval.MONTH, start=datetime(2026, 10, 1, tzinfo=UTC))
        rows, _ = await pool.read(candles_from, month)
        assert [(row.time.month, row.ticks) for row in rows] == [(10, 24), (11, 48)]

    @pytest.mark.parametrize("interval", [Interval.M1, Interval.M5, Interval.H1, Interval.D1])
    async def test_what_is_cut_is_not_shown_and_begins_the_next_page(
        self, database_url: str, pool: ReadPool, monkeypatch: pytest.MonkeyPatch, interval: Interval
    ) -> None:
        store_ticks(database_url, [btc(41 * n, str(n + 1), n) for n in range(120)])
        everything, more = await pool.read(candles_from, candle_query(interval, limit=1_000))
        assert everything
        assert more is False
        monkeypatch.setattr("storage.history.candles.MAX_MINUTES", 50)
        seen: list[CandleRow] = []
        start, more = START, True
        while more:
            query = candle_query(interval, start=start, limit=7)
            rows, more = await pool.read(candles_from, query)
            seen += rows
            start = interval.end_of(rows[-1].time, UTC_ZONE)
        assert seen == everything
        last = await pool.read(candles_before, candle_query(interval, limit=7))
        assert last == everything[-len(last) :]
        assert last


class TestThreeSources:
    async def test_a_minutes_candle_is_of_one_and_nothing_is_summed_across_them(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                *(trade(at(n / 4), KRAKEN, "10", n, of=BTCUSD) for n in range(4)),
                *(trade(at(n / 4), COINBASE, "20", n, of=BTCUSD) for n in range(8)),
                *(trade(at(n), COINGECKO, "30", n, of=BTCUSD) for n in range(3)),
            ],
        )
        query = candle_query(Interval.M1, instrument=BTCUSD)
        rows, _ = await pool.read(candles_from, query)
        assert [(row.close, row.ticks, row.volume) for row in rows] == [
            (10.0, 4, 2.0),
            (20.0, 4, 2.0),
            (30.0, 1, 0.5),
        ]
        whole = candle_query(Interval.M5, instrument=BTCUSD)
        (row,), _ = await pool.read(candles_from, whole)
        assert (row.open, row.high, row.close, row.ticks, row.volume) == (10, 30, 30, 9, 4.5)


async def test_feeds_never_mix(database_url: str, pool: ReadPool) -> None:
    store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
    assert (await pool.read(candles_from, candle_query(Interval.M1))) == ([], False)
