"""Answers to statements: whole or not at all, bounded, one session each."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from market.sources import Feed
from storage.columns import Numbers
from storage.errors import DatabaseUnavailableError
from storage.guarded_sql.errors import (
    SqlInvalidError,
    SqlMemoryError,
    SqlNotConfiguredError,
    SqlTimeoutError,
    SqlTooManyRowsError,
)
from storage.guarded_sql.reader import GuardedSql, SqlBounds, SqlQuestion
from storage.guarded_sql.role import role_of
from storage.guarded_sql.session import guarded_session
from storage.patience import Connection, StoppedError
from tests.api.harness import Proxy, database_proxy
from tests.storage.guarded_sql.conftest import url_of

Made = Callable[..., GuardedSql]

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename ~ 'quant' AND datname = %s"


@pytest.fixture
async def made(quant_url: str, database_url: str) -> AsyncIterator[Made]:
    """Makes the reader, with bounds of the test's own."""
    readers = []

    def make(bounds: SqlBounds | None = None) -> GuardedSql:
        readers.append(GuardedSql(quant_url, database_url, Feed.SIMULATED, bounds))
        return readers[-1]

    yield make
    for reader in readers:
        await reader.close()


async def table(
    reader: GuardedSql, statement: str, rows: int = 1_000_000, numbers: Numbers = Numbers.FLOAT64
) -> pa.Table:
    """The whole answer."""
    answer = await reader.answer(SqlQuestion(statement, rows, numbers))
    return pa.Table.from_batches([batch async for batch in answer.batches], answer.schema)


async def no_sessions(connection: psycopg.Connection[Any]) -> None:
    """Return when no session of guarded SQL is left in the test's database."""
    async with asyncio.timeout(10):
        while True:
            if connection.execute(SESSIONS, (connection.info.dbname,)).fetchone() == (0,):
                return
            await asyncio.sleep(0.01)


async def test_an_answer(made: Made) -> None:
    found = await table(made(), "SELECT n, n * 0.5 AS half FROM generate_series(1, 200000) AS n")
    assert found.schema.names == ["n", "half"]
    assert (found.num_rows, found.column("half")[-1].as_py()) == (200_000, 100_000.0)


async def test_an_answer_without_rows_has_its_columns(made: Made) -> None:
    found = await table(made(), "SELECT time, bid FROM ticks", numbers=Numbers.DECIMAL)
    assert (found.num_rows, found.schema.names) == (0, ["time", "bid"])
    assert found.schema.field("bid").type == pa.decimal128(38, 18)


async def test_an_answer_of_as_many_rows_as_it_may_have_is_whole(made: Made) -> None:
    statement = "SELECT n FROM generate_series(1, 1000) AS n"
    assert (await table(made(), statement, 1000)).num_rows == 1000
    with pytest.raises(SqlTooManyRowsError, match="more than 999 rows"):
        await table(made(), statement, 999)


async def test_one_row_too_many_in_a_later_batch_is_no_good_end(made: Made) -> None:
    with pytest.raises(SqlTooManyRowsError):
        await table(made(), "SELECT n FROM generate_series(1, 100001) AS n", 100_000)


async def test_the_database_s_time_is_bounded(made: Made) -> None:
    with pytest.raises(SqlTimeoutError, match=r"0\.3 s"):
        await table(made(SqlBounds(work_s=0.3)), "SELECT pg_sleep(60)::text AS slept")


async def test_a_slow_reader_s_time_is_bounded(
    made: Made, connection: psycopg.Connection[Any]
) -> None:
    reader = made(SqlBounds(whole_s=2))
    answer = await reader.answer(
        SqlQuestion("SELECT repeat('x', 100000) AS x FROM generate_series(1, 20000)", 100_000)
    )
    await anext(answer.batches)
    await no_sessions(connection)
    with pytest.raises((SqlTimeoutError, SqlMemoryError)):
        async for _ in answer.batches:
            pass


async def test_memory_is_bounded(made: Made) -> None:
    with pytest.raises(SqlMemoryError, match="100 MB"):
        await table(
            made(SqlBounds(memory_mb=100)),
            "SELECT cardinality(array_agg(n)) AS a FROM (SELECT generate_series(1, 90000000) AS n) AS b",
        )


async def test_a_fault_in_the_middle_is_no_good_end(made: Made) -> None:
    statement = "SELECT 1 / (100000 - n) AS a FROM generate_series(1, 200000) AS n"
    with pytest.raises(SqlInvalidError, match="division by zero"):
        await table(made(), statement)


async def test_whoever_leaves_early_leaves_no_session(
    made: Made, connection: psycopg.Connection[Any]
) -> None:
    reader = made()
    answer = await reader.answer(
        SqlQuestion("SELECT n FROM generate_series(1, 9000000) AS n", 10_000_000)
    )
    await anext(answer.batches)
    await answer.batches.aclose()
    await no_sessions(connection)
    assert (await table(reader, "SELECT 1 AS a")).to_pylist() == [{"a": 1}]


async def test_sessions_are_bounded_and_given_back(made: Made) -> None:
    reader = made(SqlBounds(sessions=1))
    answer = await reader.answer(SqlQuestion("SELECT 1 AS a", 1))
    with pytest.raises(DatabaseUnavailableError, match="taken"):
        await reader.answer(SqlQuestion("SELECT 1 AS a", 1))
    await answer.batches.aclose()
    for _ in range(3):
        with pytest.raises(SqlInvalidError):
            await table(reader, "SELEC 1")
    assert (await table(reader, "SELECT 1 AS a")).num_rows == 1


async def test_without_a_way_in(database_url: str) -> None:
    reader = GuardedSql(None, database_url, Feed.SIMULATED)
    with pytest.raises(SqlNotConfiguredError, match="TRADEWIND_QUANT_DATABASE_URL"):
        await reader.answer(SqlQuestion("SELECT 1 AS a", 1))


@contextmanager
def frozen_in_session(proxy: Proxy, *facts: Any) -> Iterator[Connection]:
    """A session whose server falls silent as soon as it has been looked over."""
    with guarded_session(*facts) as session:
        proxy.freeze()
        yield session


@pytest.mark.parametrize("moment", ["before it is opened", "before the statement is read"])
async def test_a_server_that_falls_silent_is_given_up_in_time_and_holds_no_session(
    database_url: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database_proxy(database_url) as (proxy, url):
        quant_url = url_of(url, role_of(Feed.SIMULATED))
        reader = GuardedSql(quant_url, url, Feed.SIMULATED, SqlBounds(sessions=1))
        if moment == "before it is opened":
            proxy.freeze()
        else:
            monkeypatch.setattr(
                "storage.guarded_sql.reader.guarded_session",
                lambda *facts: frozen_in_session(proxy, *facts),
            )
        began_s = time.monotonic()
        with pytest.raises(DatabaseUnavailableError, match="no answer"):
            await table(reader, "SELECT 1 AS a")
        assert time.monotonic() - began_s < 4  # 1.8 s on a machine that is not busy
        monkeypatch.undo()
        proxy.thaw()
        assert (await table(reader, "SELECT 1 AS a")).num_rows == 1
        await reader.close()


async def begun(reader: GuardedSql) -> None:
    """Return when a statement is being waited for."""
    async with asyncio.timeout(10):
        while True:
            if reader._stops:
                return
            await asyncio.sleep(0.01)


async def test_closing_ends_the_wait_for_a_server_that_is_silent(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.guarded_sql.reader.ANSWER_WITHIN_S", 60)
    async with database_proxy(database_url) as (proxy, url):
        reader = GuardedSql(url, url, Feed.SIMULATED)
        proxy.freeze()
        asked = asyncio.ensure_future(reader.answer(SqlQuestion("SELECT 1 AS a", 1)))
        await begun(reader)
        await reader.close()
        async with asyncio.timeout(10):
            with pytest.raises(StoppedError):
                await asked
