"""Columns out of the database: in order, bounded, given up when nobody wants them."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pyarrow as pa
import pytest

from storage.columns import ColumnQuery, ColumnReader, Numbers, copied, handed_over
from storage.errors import DatabaseUnavailableError
from storage.pools import QueryTimeoutError
from tests.api.harness import database_proxy
from tests.storage.making import until_running, written

ENDLESS = "SELECT generate_series(1, 1000000000000), pg_backend_pid()"


def query(statement: str, *types: str) -> ColumnQuery:
    names = tuple(f"c{index}" for index in range(len(types)))
    return ColumnQuery(written(statement), names, types)


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[ColumnReader]:
    columns = ColumnReader(database_url, size=2)
    yield columns
    await columns.close()


async def backend(reader: ColumnReader) -> int:
    found = await reader.table(query("SELECT pg_backend_pid()", "int4"))
    return int(found["c0"][0].as_py())


@pytest.mark.both_backends
async def test_batches_come_in_order_and_hold_everything(reader: ColumnReader) -> None:
    series = query("SELECT n FROM generate_series(1, 1000) AS n", "int4")
    sizes, rows = [], []
    async for batch in reader.batches(series, rows=300):
        sizes.append(batch.num_rows)
        rows += batch.column(0).to_pylist()
    assert sizes == [300, 300, 300, 100]
    assert rows == list(range(1, 1001))


@pytest.mark.both_backends
async def test_a_table_holds_the_whole_answer(reader: ColumnReader) -> None:
    prices = query("SELECT 1.5 UNION ALL SELECT NULL", "numeric")
    found = await reader.table(prices, numbers=Numbers.DECIMAL)
    assert found.schema == prices.schema(Numbers.DECIMAL)
    assert [str(value) for value in found["c0"].to_pylist()] == ["1.500000000000000000", "None"]
    empty = await reader.table(query("SELECT 1 WHERE false", "int4"))
    assert (empty.num_rows, empty.column_names) == (0, ["c0"])


async def test_it_reads_only_and_in_utc_and_uses_its_connection_again(
    reader: ColumnReader,
) -> None:
    assert await backend(reader) == await backend(reader)
    zone = await reader.table(query("SELECT current_setting('TimeZone')", "text"))
    assert zone["c0"].to_pylist() == ["UTC"]
    counting = "SELECT nextval(pg_get_serial_sequence('market.inbox_partitions', 'id'))"
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await reader.table(query(counting, "int8"))


async def test_other_work_goes_on_while_the_database_is_waited_for(reader: ColumnReader) -> None:
    waiting = asyncio.ensure_future(reader.table(query("SELECT pg_sleep(0.2)::text", "text")))
    turns = 0
    while not waiting.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert (await waiting).num_rows == 1
    assert turns > 10


async def test_one_batch_is_made_ahead_and_no_more() -> None:
    made = []
    second = threading.Event()

    def making() -> Generator[int]:
        for number in range(1, 10):
            made.append(number)
            if number == 2:
                second.set()
            yield number

    with ThreadPoolExecutor(1) as threads:
        items = handed_over(making(), threads, threading.Event())
        assert await anext(items) == 1
        await asyncio.to_thread(second.wait)
        assert made == [1, 2]
        await items.aclose()
    assert made == [1, 2]


async def test_a_consumer_that_leaves_cancels_the_statement(
    reader: ColumnReader, database_url: str
) -> None:
    async with contextlib.aclosing(reader.batches(query(ENDLESS, "int8", "int4"))) as batches:
        await anext(batches)
    await asyncio.to_thread(until_running, database_url, 0)
    assert await backend(reader)


async def test_a_consumer_that_is_cancelled_while_it_waits_cancels_the_statement(
    reader: ColumnReader, database_url: str
) -> None:
    waiting = asyncio.ensure_future(reader.table(query("SELECT pg_sleep(60)::text", "text")))
    await asyncio.to_thread(until_running, database_url, 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.to_thread(until_running, database_url, 0)
    assert await backend(reader)


async def test_a_backend_that_is_killed_is_a_database_that_is_away(
    reader: ColumnReader, database_url: str
) -> None:
    batches = reader.batches(query(ENDLESS, "int8", "int4"))
    batch = await anext(batches)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (batch.column(1)[0].as_py(),))
    with pytest.raises(DatabaseUnavailableError):
        async for _ in batches:
            pass
    assert await backend(reader)


async def test_a_slow_statement_is_given_up_and_a_slow_consumer_is_not(
    reader: ColumnReader,
) -> None:
    with pytest.raises(QueryTimeoutError):
        await reader.table(query("SELECT pg_sleep(60)::text", "text"), timeout_s=0.05)
    batches = reader.batches(query(ENDLESS, "int8", "int4"), timeout_s=0.3, rows=1)
    await anext(batches)
    await asyncio.sleep(0.4)
    await anext(batches)
    await anext(batches)
    await batches.aclose()


async def test_nobody_there_is_said_at_once() -> None:
    nowhere = ColumnReader("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailableError):
        await nowhere.table(query("SELECT 1", "int4"))
    await nowhere.close()


async def test_a_database_that_stands_still_is_given_up_in_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.columns._TRUSTED_S", 0.0)
    monkeypatch.setattr("storage.columns.ANSWER_WITHIN_S", 0.2)
    async with database_proxy(database_url) as (proxy, url):
        columns = ColumnReader(url)
        assert await backend(columns) == await backend(columns)
        proxy.freeze()
        with pytest.raises(DatabaseUnavailableError, match="no answer"):
            await backend(columns)
        proxy.thaw()
        assert await backend(columns)
        await columns.close()


async def test_a_database_that_stands_still_before_the_first_answer_is_given_up_in_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.columns.ANSWER_WITHIN_S", 0.3)
    async with database_proxy(database_url) as (proxy, url):
        columns = ColumnReader(url, size=1)
        proxy.freeze()
        for _ in range(2):
            with pytest.raises(DatabaseUnavailableError, match="no answer"):
                await backend(columns)
        proxy.thaw()
        assert await backend(columns)
        await columns.close()


async def test_what_was_not_migrated_is_not_available(reader: ColumnReader) -> None:
    with pytest.raises(DatabaseUnavailableError, match="migrated"):
        await reader.table(query("SELECT * FROM market.nothing", "int4"))


async def test_no_more_answers_at_once_than_its_size(
    reader: ColumnReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.columns.ANSWER_WITHIN_S", 0.05)
    open_ones = [reader.batches(query(ENDLESS, "int8", "int4")) for _ in range(2)]
    for batches in open_ones:
        await anext(batches)
    with pytest.raises(DatabaseUnavailableError, match="all 2 readers are taken"):
        await backend(reader)
    await open_ones[0].aclose()
    assert await backend(reader)
    await open_ones[1].aclose()


async def test_closing_ends_what_runs(database_url: str) -> None:
    columns = ColumnReader(database_url)
    batches = columns.batches(query(ENDLESS, "int8", "int4"))
    await anext(batches)
    await columns.close()
    await batches.aclose()
    await asyncio.to_thread(until_running, database_url, 0)
    with pytest.raises(StopAsyncIteration):
        await anext(batches)


async def test_a_dead_connection_is_not_given_out(reader: ColumnReader, database_url: str) -> None:
    pid = await backend(reader)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert await backend(reader) != pid


def test_an_own_connection_is_read_by_its_own_thread(database_url: str) -> None:
    series = query("SELECT n FROM generate_series(1, 3) AS n", "int4")
    with psycopg.connect(database_url, autocommit=True) as connection:
        batches = copied(connection, series, rows=2, stop=threading.Event())
        found = pa.Table.from_batches(list(batches))
        assert found["c0"].to_pylist() == [1, 2, 3]
        assert connection.execute("SELECT 1").fetchone() == (1,)
