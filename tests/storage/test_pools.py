"""The readers' pool: bounded, read-only, quick to give up and quick to recover."""

import asyncio

import pytest
from psycopg.errors import ReadOnlySqlTransaction

from storage.errors import DatabaseUnavailableError
from storage.pools import Connection, QueryTimeoutError, ReadPool
from tests.api.harness import NOWHERE, database_proxy


async def answer(connection: Connection, value: object) -> object:
    cursor = await connection.execute("SELECT %s::int", (value,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def backend(connection: Connection) -> int:
    cursor = await connection.execute("SELECT pg_backend_pid()")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_a_statement_is_answered_and_its_connection_used_again(database_url: str) -> None:
    pool = ReadPool(database_url)
    assert await pool.read(answer, 7) == 7
    assert await pool.read(backend) == await pool.read(backend)
    await pool.close()


async def test_no_more_connections_than_its_size(database_url: str) -> None:
    pool = ReadPool(database_url, size=2)

    async def slowly(connection: Connection) -> int:
        await connection.execute("SELECT pg_sleep(0.01)")
        return await backend(connection)

    backends = await asyncio.gather(*(pool.read(slowly) for _ in range(12)))
    assert len(set(backends)) == 2
    await pool.close()


async def test_it_cannot_write_and_reads_in_utc(database_url: str) -> None:
    pool = ReadPool(database_url)

    async def write(connection: Connection) -> None:
        await connection.execute("CREATE TABLE x (y int)")

    async def zone(connection: Connection) -> str:
        row = await (await connection.execute("SHOW TimeZone")).fetchone()
        assert row is not None
        return str(row[0])

    with pytest.raises(ReadOnlySqlTransaction):
        await pool.read(write)
    assert await pool.read(zone) == "UTC"
    await pool.close()


async def test_a_slow_statement_is_told_from_a_dead_database(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.pools._SESSION", "SET statement_timeout = 20")
    pool = ReadPool(database_url)

    async def sleep(connection: Connection) -> None:
        await connection.execute("SELECT pg_sleep(10)")

    with pytest.raises(QueryTimeoutError):
        await pool.read(sleep)
    assert await pool.read(answer, 1) == 1
    await pool.close()


async def test_nobody_there_is_said_at_once() -> None:
    pool = ReadPool(NOWHERE)
    with pytest.raises(DatabaseUnavailableError):
        await pool.read(answer, 1)
    await pool.close()


async def test_a_database_that_was_not_migrated_is_not_available(database_url: str) -> None:
    pool = ReadPool(database_url)

    async def missing(connection: Connection) -> None:
        await connection.execute("SELECT * FROM market.nothing")

    with pytest.raises(DatabaseUnavailableError, match="migrated"):
        await pool.read(missing)
    await pool.close()


async def test_a_database_that_went_and_came_back_is_found_by_the_next_read(
    database_url: str,
) -> None:
    async with database_proxy(database_url) as (proxy, url):
        pool = ReadPool(url)
        assert await pool.read(answer, 1) == 1
        await proxy.cut()
        with pytest.raises(DatabaseUnavailableError):
            await pool.read(answer, 2)
        await proxy.mend()
        assert await pool.read(answer, 3) == 3
        await pool.close()


async def test_a_connection_that_died_while_idle_is_not_given_out(database_url: str) -> None:
    async with database_proxy(database_url) as (proxy, url):
        pool = ReadPool(url)
        assert await pool.read(answer, 1) == 1
        await proxy.cut()
        await proxy.mend()
        assert await pool.read(answer, 2) == 2
        await pool.close()


async def test_a_database_that_does_not_move_is_given_up_in_time(database_url: str) -> None:
    loop = asyncio.get_running_loop()
    async with database_proxy(database_url) as (proxy, url):
        pool = ReadPool(url, answer_within_s=0.2)
        assert await pool.read(answer, 1) == 1
        proxy.freeze()
        began = loop.time()
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await pool.read(answer, 2)
        assert loop.time() - began < 1.5
        proxy.thaw()
        assert await pool.read(answer, 3) == 3
        await pool.close()


async def test_a_reader_that_leaves_gives_its_connection_back(database_url: str) -> None:
    pool = ReadPool(database_url, size=1)

    async def sleep(connection: Connection) -> None:
        await connection.execute("SELECT pg_sleep(10)")

    leaving = asyncio.ensure_future(pool.read(sleep))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert await pool.read(answer, 1) == 1
    await pool.close()
