"""Ticks as columns: the same as page by page, in order, and found without a walk through all."""

from datetime import date

import pyarrow as pa
import pytest

from market.clock import datetime_of
from market.sources import Feed, source_of
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.connecting import connect
from storage.history import tick_columns
from storage.history.tick_columns import (
    Stretch,
    TickRange,
    tick_batches,
    tick_page,
    tick_queries,
    tick_schema,
    tick_stretches,
)
from storage.history.ticks import TickKey, TickQuery, ticks_before, ticks_from
from storage.partitions import drop_ticks_before
from storage.pools import Connection, ReadPool
from tests.api.harness import BTCUSDT, quote, store_ticks
from tests.storage.history.making import BINANCE, COINGECKO, FEED, LAST_TIME, OANDA, START, at, btc

pytestmark = pytest.mark.both_backends

ALL = TickRange(BTCUSDT, FEED, START, LAST_TIME)


async def streamed(
    columns: ColumnReader, wanted: TickRange = ALL, numbers: Numbers = Numbers.FLOAT64
) -> pa.Table:
    stretches = await tick_stretches(columns, wanted)
    batches = [batch async for batch in tick_batches(columns, wanted, stretches, numbers)]
    return pa.Table.from_batches(batches, schema=tick_schema(numbers))


def seqs(table: pa.Table) -> list[object]:
    found: list[object] = table.column("seq").to_pylist()
    return found


class TestStretches:
    async def test_say_where_ticks_are_and_how_many(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        ticks = [btc(n, "1", int(n)) for n in (0, 0.5, 8, 30, 59, 61, 300)]
        store_ticks(database_url, [*ticks, quote(at(8.1), BINANCE, "1", "2", 9, BTCUSDT)])
        assert await tick_stretches(columns, ALL) == [
            Stretch(datetime_of(at(first)), datetime_of(at(last)), count)
            for first, last, count in [
                (0, 9, 4),
                (30, 31, 1),
                (59, 60, 1),
                (61, 62, 1),
                (300, 301, 1),
            ]
        ]

    async def test_a_range_that_cuts_a_minute_knows_it(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        store_ticks(database_url, [btc(0.2, "1", 1), btc(0.8, "1", 2), btc(3, "1", 3)])
        cut = TickRange(BTCUSDT, FEED, datetime_of(at(0.5)), datetime_of(at(3)))
        assert [found.ticks for found in await tick_stretches(columns, cut)] == [2]
        assert seqs(await streamed(columns, cut)) == [2]

    @pytest.mark.plain_only("on TimescaleDB old chunks are dropped by a policy")
    async def test_ticks_that_are_no_longer_kept_do_not_count(
        self, database_url: str, columns: ColumnReader
    ) -> None:
        store_ticks(database_url, [btc(0, "1", 0), btc(40 * 24 * 60, "1", 1)])
        with connect(database_url) as connection:
            drop_ticks_before(connection, FEED, date(2027, 1, 1))
        assert [found.ticks for found in await tick_stretches(columns, ALL)] == [1]
        assert seqs(await streamed(columns)) == [1]

    async def test_none_where_there_are_no_ticks(self, columns: ColumnReader) -> None:
        assert await tick_stretches(columns, ALL) == []
        assert (await streamed(columns)).num_rows == 0


class TestStream:
    @pytest.mark.parametrize("slice_ticks", [1, 3, 250_000])
    @pytest.mark.parametrize("slice_stretches", [1, 2, 500])
    async def test_all_come_in_order_however_they_are_sliced(
        self,
        database_url: str,
        columns: ColumnReader,
        pool: ReadPool,
        monkeypatch: pytest.MonkeyPatch,
        slice_ticks: int,
        slice_stretches: int,
    ) -> None:
        monkeypatch.setattr(tick_columns, "SLICE_TICKS", slice_ticks)
        monkeypatch.setattr(tick_columns, "SLICE_STRETCHES", slice_stretches)
        minutes = [0, 0, 0.5, 7, 30, 31, 75, 75, 200, 1439.9, 1440, 3000]
        ticks = [btc(minute, str(n + 1), n) for n, minute in enumerate(minutes)]
        same = [btc(0, "3", 1, COINGECKO), quote(at(0), BINANCE, "1", "2", 9, BTCUSDT)]
        others = [quote(at(n), OANDA, "1", "2", n) for n in range(5)]
        store_ticks(database_url, [*ticks, *same, *others])
        wanted = await pool.read(ticks_from, TickQuery(BTCUSDT, FEED, START, LAST_TIME, 100))
        assert len(wanted) == len(ticks) + len(same)
        found = await streamed(columns)
        names = ("time", "bid", "ask", "price", "size", "source_id", "kind", "seq")
        assert found.column_names == list(names)
        assert [tuple(row.values()) for row in found.to_pylist()] == [
            tuple(getattr(row, name) for name in names) for row in wanted
        ]

    async def test_of_one_source_alone(self, database_url: str, columns: ColumnReader) -> None:
        store_ticks(database_url, [btc(0, "1", 1), btc(0, "1", 2, COINGECKO), btc(1, "1", 3)])
        one = TickRange(BTCUSDT, FEED, START, LAST_TIME, COINGECKO)
        assert [found.ticks for found in await tick_stretches(columns, one)] == [1]
        assert seqs(await streamed(columns, one)) == [2]

    async def test_decimals_are_exact(self, database_url: str, columns: ColumnReader) -> None:
        store_ticks(database_url, [btc(0, "0.000000123400000001")])
        found = await streamed(columns, numbers=Numbers.DECIMAL)
        assert [str(price) for price in found["price"].to_pylist()] == ["1.23400000001E-7"]

    async def test_feeds_never_mix(self, database_url: str, columns: ColumnReader) -> None:
        store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
        assert (await streamed(columns)).num_rows == 0


@pytest.mark.plain_only("it counts pages of the plain layout")
@pytest.mark.parametrize("few", [[], [0, 1, 250, 499]], ids=["none", "four"])
async def test_few_ticks_are_found_without_a_walk_through_those_of_others(
    database_url: str, columns: ColumnReader, pool: ReadPool, few: list[int]
) -> None:
    store_ticks(database_url, [quote(at(n / 40), OANDA, "1", "2", n) for n in range(20_000)])
    if few:
        store_ticks(database_url, [btc(minute, "1") for minute in few])
    stretches = await tick_stretches(columns, ALL)
    found = [await pool.read(read_counting, query) for query in tick_queries(ALL, stretches)]
    assert sum(rows for rows, _ in found) == len(few)
    assert sum(pages for _, pages in found) < 50


async def read_counting(connection: Connection, query: ColumnQuery) -> tuple[int, int]:
    """How many rows the query has, and how many pages of 8 KiB the database looks at for them."""
    fetched = (
        "SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::int FROM pg_class"
        " WHERE relnamespace = 'market'::regnamespace"
    )
    statements = [fetched.encode(), query.statement.as_bytes(connection), fetched.encode()]
    async with connection.transaction():
        before, rows, after = [
            await (await connection.execute(statement)).fetchall() for statement in statements
        ]
    return len(rows), int(after[0][0] - before[0][0])


class TestPage:
    async def test_a_page_is_that_of_rows(
        self, database_url: str, columns: ColumnReader, pool: ReadPool
    ) -> None:
        store_ticks(database_url, [btc(n // 3, str(n + 1), n) for n in range(10)])
        for last, read in ((False, ticks_from), (True, ticks_before)):
            query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 4)
            rows = await pool.read(read, query)
            assert seqs(await tick_page(columns, query, last=last)) == [row.seq for row in rows]
        key = TickKey(rows[0].time, rows[0].source_id, rows[0].kind, rows[0].seq)
        after = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 2, key)
        found = await tick_page(columns, after, last=False)
        assert seqs(found) == [row.seq for row in rows[1:3]]
        assert found.schema == tick_schema(Numbers.FLOAT64)

    async def test_of_one_source_alone(
        self, database_url: str, columns: ColumnReader, pool: ReadPool
    ) -> None:
        store_ticks(database_url, [btc(0, "1", 1), btc(0, "1", 2, COINGECKO), btc(1, "1", 3)])
        query = TickQuery(BTCUSDT, FEED, START, LAST_TIME, 9, source_id=BINANCE)
        assert seqs(await tick_page(columns, query, last=False)) == [1, 3]
        assert [row.seq for row in await pool.read(ticks_before, query)] == [1, 3]
