"""Ticks, candles, newest prices and closes as the database remembers them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from market.bars import LAST, MID, Bar, BarBatch
from market.clock import datetime_of, microseconds
from market.instruments import CATALOGUE
from market.intervals import Interval
from market.sources import Feed, source_of
from market.ticks import Tick
from storage.connecting import connect
from storage.history import (
    CandleQuery,
    CandleRow,
    CloseQuestion,
    TickKey,
    TickQuery,
    TickRow,
    candles_before,
    candles_from,
    closes_before,
    newest_ticks,
    ticks_before,
    ticks_from,
)
from storage.partitions import drop_ticks_before
from storage.pools import Connection, ReadPool
from tests.api.harness import BTCUSDT, EURUSD, quote, store_bars, store_ticks, trade

FEED = Feed.RECORDED
BINANCE, ALPHAVANTAGE, COINGECKO, OANDA = (
    source_of(provider, FEED).id for provider in ("binance", "alphavantage", "coingecko", "oanda")
)
BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
LAST_TIME = datetime(9000, 1, 1, tzinfo=UTC)
UTC_ZONE, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
MINUTE_US = 60_000_000


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[ReadPool]:
    readers = ReadPool(database_url)
    yield readers
    await readers.close()


def at(minutes: float) -> int:
    return microseconds(START) + round(minutes * MINUTE_US)


def btc(minutes: float, price: str, seq: int = 0, source: int = BINANCE) -> Tick:
    return trade(at(minutes), source, price, seq)


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


async def pages_of(
    connection: Connection,
    statement: Callable[[Connection, TickQuery], Awaitable[list[TickRow]]],
    query: TickQuery,
) -> int:
    """How many pages of 8 KiB the database looks at for the answer."""
    fetched = (
        "SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::int FROM pg_class"
        " WHERE relnamespace = 'market'::regnamespace"
    )
    async with connection.transaction():
        before = await (await connection.execute(fetched)).fetchone()
        await statement(connection, query)
        after = await (await connection.execute(fetched)).fetchone()
    assert before is not None
    assert after is not None
    return int(after[0] - before[0])


class TestTicks:
    async def test_ticks_of_one_instant_are_ordered_by_source_kind_and_sequence(
        self, database_url: str, pool: ReadPool
    ) -> None:
        stored = [
            btc(0, "3", 1, COINGECKO),
            btc(0, "2", 2),
            btc(0, "1", 1),
            quote(at(0), BINANCE, "1", "2", 9, BTCUSDT),
            btc(1, "4"),
        ]
        store_ticks(database_url, stored)
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10)
        rows = await pool.read(ticks_from, query)
        assert [(row.source_id, row.kind, row.seq) for row in rows] == [
            (BINANCE, "q", 9),
            (BINANCE, "t", 1),
            (BINANCE, "t", 2),
            (COINGECKO, "t", 1),
            (BINANCE, "t", 0),
        ]
        for number, row in enumerate(rows):
            key = TickKey(row.time, row.source_id, row.kind, row.seq)
            after = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10, key)
            assert await pool.read(ticks_from, after) == rows[number + 1 :]
        assert await pool.read(ticks_before, query) == rows

    async def test_a_range_may_cut_the_minute_of_several_sources(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                btc(0, "1"),
                btc(0.1, "2", 0, COINGECKO),
                quote(at(0.2), BINANCE, "1", "2", 1, BTCUSDT),
                btc(0.8, "3"),
                btc(1, "4"),
                btc(1.2, "5", 0, COINGECKO),
                quote(at(1.9), BINANCE, "5", "6", 2, BTCUSDT),
            ],
        )
        query = TickQuery(BTCUSDT, FEED, datetime_of(at(0.5)), datetime_of(at(1.5)), 1)
        assert [row.price for row in await pool.read(ticks_from, query)] == [3.0]
        assert [row.price for row in await pool.read(ticks_before, query)] == [5.0]

    async def test_candles_whose_ticks_are_no_longer_kept_stand_for_none(
        self, database_url: str, pool: ReadPool
    ) -> None:
        day = 24 * 60
        store_ticks(database_url, [btc(n, "1", n) for n in range(20)])
        store_ticks(database_url, [btc(day, "2"), btc(day + 1, "3")])
        with connect(database_url) as connection:
            drop_ticks_before(connection, FEED, (START + timedelta(days=1)).date())
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 1)
        assert [row.price for row in await pool.read(ticks_from, query)] == [2.0]
        assert [row.price for row in await pool.read(ticks_before, query)] == [3.0]

    @pytest.mark.parametrize("few", [[], [0, 499]], ids=["none", "two"])
    async def test_few_ticks_are_found_without_a_walk_through_those_of_others(
        self, database_url: str, pool: ReadPool, few: list[int]
    ) -> None:
        store_ticks(database_url, [quote(at(n / 40), OANDA, "1", "2", n) for n in range(20_000)])
        if few:
            store_ticks(database_url, [btc(minute, "1") for minute in few])
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10)
        for statement in (ticks_from, ticks_before):
            assert len(await pool.read(statement, query)) == len(few)
            assert await pool.read(pages_of, statement, query) < 50

    async def test_start_is_inside_and_end_outside(self, database_url: str, pool: ReadPool) -> None:
        store_ticks(database_url, [btc(n, str(n + 1)) for n in range(4)])
        query = TickQuery(BTCUSDT, FEED, datetime_of(at(1)), datetime_of(at(3)), 10)
        for statement in (ticks_from, ticks_before):
            assert [row.price for row in await pool.read(statement, query)] == [2.0, 3.0]


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
        monkeypatch.setattr("storage.history.MAX_MINUTES", 50)
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
        kraken, coinbase = (source_of(name, FEED).id for name in ("kraken", "coinbase"))
        store_ticks(
            database_url,
            [
                *(trade(at(n / 4), kraken, "10", n, of=BTCUSD) for n in range(4)),
                *(trade(at(n / 4), coinbase, "20", n, of=BTCUSD) for n in range(8)),
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


class TestNewest:
    async def test_the_newest_quote_and_the_newest_trade_are_exact(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(0), OANDA, "1.10001", "1.10002", 1),
                quote(at(0.5), OANDA, "1.10003", "1.10004", 2),
                quote(at(0.5), OANDA, "1.10005", "1.10006", 3),
                trade(at(5), BINANCE, "0.000000000123456789"),
            ],
        )
        newest = await pool.read(newest_ticks, FEED, [EURUSD, BTCUSDT, 201])
        assert sorted(newest, key=lambda tick: tick.instrument) == [
            Tick(
                at(0.5), EURUSD, OANDA, ord("q"), 3, bid=Decimal("1.10005"), ask=Decimal("1.10006")
            ),
            Tick(
                at(5),
                BTCUSDT,
                BINANCE,
                ord("t"),
                0,
                price=Decimal("0.000000000123456789"),
                size=Decimal("0.5"),
            ),
        ]

    async def test_both_are_of_the_best_source_that_has_not_fallen_behind(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(0), OANDA, "1", "2"),
                trade(at(4), ALPHAVANTAGE, "3", of=EURUSD),
                trade(at(4.5), COINGECKO, "4", of=EURUSD),
            ],
        )
        assert [t.source for t in await pool.read(newest_ticks, FEED, [EURUSD])] == [ALPHAVANTAGE]
        store_ticks(database_url, [trade(at(11), COINGECKO, "5", of=EURUSD)])
        (newest,) = await pool.read(newest_ticks, FEED, [EURUSD])
        assert (newest.source, newest.price) == (COINGECKO, 5)


class TestCloses:
    async def test_the_last_close_before_an_instant_of_the_wanted_side(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(-2), OANDA, "1", "3"),
                quote(at(-1), OANDA, "2", "4"),
                quote(at(0), OANDA, "5", "7"),
                trade(at(-1), OANDA, "9", of=EURUSD),
                btc(-1, "50"),
                btc(0, "60"),
            ],
        )
        questions = [
            CloseQuestion(EURUSD, START, "m"),
            CloseQuestion(BTCUSDT, START, "m"),
            CloseQuestion(201, START, "t"),
        ]
        closes = await pool.read(closes_before, FEED, questions)
        assert closes == {EURUSD: 3.0, BTCUSDT: 50.0}

    async def test_a_close_older_than_a_week_counts_for_nothing(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(database_url, [btc(0, "50")])
        later = START + timedelta(days=7, minutes=1)
        assert (await pool.read(closes_before, FEED, [CloseQuestion(BTCUSDT, later, "t")])) == {}


async def test_feeds_never_mix(database_url: str, pool: ReadPool) -> None:
    store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
    query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10)
    assert await pool.read(ticks_from, query) == []
    assert (await pool.read(candles_from, candle_query(Interval.M1))) == ([], False)
    assert await pool.read(newest_ticks, FEED, [BTCUSDT]) == []
    question = CloseQuestion(BTCUSDT, START + timedelta(hours=1), "t")
    assert await pool.read(closes_before, FEED, [question]) == {}
