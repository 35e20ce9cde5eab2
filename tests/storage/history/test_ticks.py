"""Ticks as the database remembers them, page by page."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from market.clock import datetime_of
from market.sources import Feed, ids_by_rank, source_of
from storage.columns import Numbers
from storage.connecting import connect
from storage.history.ticks import TickKey, TickQuery, TickRow, ticks_before, ticks_from
from storage.partitions import drop_ticks_before
from storage.pools import Connection, ReadPool
from tests.api.harness import BTCUSDT, quote, store_ticks
from tests.storage.history.making import BINANCE, COINGECKO, FEED, LAST_TIME, OANDA, START, at, btc


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


async def partitions_opened(
    connection: Connection,
    statement: Callable[[Connection, TickQuery], Awaitable[list[TickRow]]],
    query: TickQuery,
) -> tuple[list[TickRow], int]:
    """The answer, and of how many days the ticks were locked for it."""
    async with connection.transaction():
        rows = await statement(connection, query)
        locked = await connection.execute(
            "SELECT count(DISTINCT relname)::int FROM pg_locks JOIN pg_class ON oid = relation"
            " WHERE pid = pg_backend_pid() AND relname ~ '^ticks_[a-z]+_[0-9]+$'"
        )
        found = await locked.fetchone()
    assert found is not None
    return rows, int(found[0])


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

    async def test_exact_numbers_are_texts(self, database_url: str, pool: ReadPool) -> None:
        store_ticks(database_url, [btc(0, "0.000000123400000001"), btc(1, "60000.100")])
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10)
        for read in (ticks_from, ticks_before):
            rows = await pool.read(read, query, Numbers.DECIMAL)
            assert [(row.price, row.size, row.bid) for row in rows] == [
                ("0.000000123400000001", "0.5", None),
                ("60000.1", "0.5", None),
            ]

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
        much_later = 40 * 24 * 60
        store_ticks(database_url, [btc(n, "1", n) for n in range(20)])
        store_ticks(database_url, [btc(much_later, "2"), btc(much_later + 1, "3")])
        with connect(database_url) as connection:
            drop_ticks_before(connection, FEED, date(2027, 1, 1))
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 1)
        assert [row.price for row in await pool.read(ticks_from, query)] == [2.0]
        assert [row.price for row in await pool.read(ticks_before, query)] == [3.0]

    async def test_no_other_partition_is_opened_than_those_of_the_page(
        self, database_url: str, pool: ReadPool
    ) -> None:
        day, most = 24 * 60, 1 + len(ids_by_rank(FEED))
        store_ticks(database_url, [btc(n * day, str(n + 1)) for n in range(40)])
        whole = TickQuery(BTCUSDT, FEED, START, datetime_of(at(41 * day)), 1)
        short = TickQuery(BTCUSDT, FEED, START, datetime_of(at(5)), 1)
        for query, last, days in ((whole, 40.0, most), (short, 1.0, 1)):
            for statement, price in ((ticks_from, 1.0), (ticks_before, last)):
                rows, opened = await pool.read(partitions_opened, statement, query)
                assert [row.price for row in rows] == [price]
                assert 1 <= opened <= days

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


async def test_feeds_never_mix(database_url: str, pool: ReadPool) -> None:
    store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
    query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 10)
    assert await pool.read(ticks_from, query) == []
