"""The readers' pool: bounded, read-only, quick to give up and quick to recover."""

import asyncio
from uuid import UUID, uuid4

import pytest
from psycopg.errors import ReadOnlySqlTransaction

from storage.errors import DatabaseUnavailableError
from storage.pools import Connection, QueryTimeoutError, ReadPool, WritePool
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


NOTED = "INSERT INTO auth.revocations (kind, subject, revoked_at, reason) VALUES ('user', %s, now(), '')"


async def note(connection: Connection, subject: UUID) -> None:
    await connection.execute(NOTED, (subject,))


async def noted(connection: Connection) -> list[UUID]:
    cursor = await connection.execute("SELECT subject FROM auth.revocations ORDER BY id")
    return [subject for (subject,) in await cursor.fetchall()]


class TestWrites:
    """The writers' pool: a block is a transaction."""

    async def test_what_a_block_wrote_is_committed_together_at_its_end(
        self, database_url: str
    ) -> None:
        pool, reader = WritePool(database_url), ReadPool(database_url)
        one, other = uuid4(), uuid4()
        async with pool.transaction() as connection:
            await note(connection, one)
            await note(connection, other)
            assert await reader.read(noted) == []
        assert await reader.read(noted) == [one, other]
        await pool.close()
        await reader.close()

    async def test_an_exception_takes_all_of_it_back_and_is_raised(self, database_url: str) -> None:
        pool = WritePool(database_url, size=1)
        with pytest.raises(KeyError):
            async with pool.transaction() as connection:
                await note(connection, uuid4())
                raise KeyError("refused")
        async with pool.transaction() as connection:
            assert await noted(connection) == []
        await pool.close()

    async def test_it_sees_what_others_commit_and_reads_in_utc(self, database_url: str) -> None:
        pool = WritePool(database_url)
        async with pool.transaction() as connection, pool.transaction() as other:
            assert await backend(connection) != await backend(other)
            cursor = await connection.execute(
                "SELECT current_setting('transaction_isolation'), current_setting('TimeZone')"
            )
            assert await cursor.fetchone() == ("read committed", "UTC")
        await pool.close()

    async def test_no_more_connections_than_its_size_and_each_is_used_again(
        self, database_url: str
    ) -> None:
        pool = WritePool(database_url, size=2)

        async def write() -> int:
            async with pool.transaction() as connection:
                await connection.execute("SELECT pg_sleep(0.01)")
                return await backend(connection)

        assert len(set(await asyncio.gather(*(write() for _ in range(12))))) == 2
        await pool.close()

    async def test_who_gets_no_turn_in_time_is_told(self, database_url: str) -> None:
        pool = WritePool(database_url, size=1, answer_within_s=0.1)
        async with pool.transaction():
            with pytest.raises(DatabaseUnavailableError, match="no connection was free"):
                async with pool.transaction():
                    pytest.fail("there is one connection only")
        await pool.close()

    async def test_nobody_there_is_said_at_once(self) -> None:
        pool = WritePool(NOWHERE)
        with pytest.raises(DatabaseUnavailableError):
            async with pool.transaction():
                pytest.fail("nobody is there")
        await pool.close()

    async def test_a_slow_statement_is_told_from_a_dead_database(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.pools._WRITING_SESSION", "SET statement_timeout = 20")
        pool = WritePool(database_url)
        with pytest.raises(QueryTimeoutError):
            async with pool.transaction() as connection:
                await connection.execute("SELECT pg_sleep(10)")
        async with pool.transaction() as connection:
            assert await answer(connection, 1) == 1
        await pool.close()

    async def test_a_database_that_died_in_the_middle_is_found_when_it_is_back(
        self, database_url: str
    ) -> None:
        async with database_proxy(database_url) as (proxy, url):
            pool = WritePool(url)
            with pytest.raises(DatabaseUnavailableError):
                async with pool.transaction() as connection:
                    await note(connection, uuid4())
                    await proxy.cut()
            with pytest.raises(DatabaseUnavailableError):
                async with pool.transaction():
                    pytest.fail("nobody is there")
            await proxy.mend()
            async with pool.transaction() as connection:
                assert await noted(connection) == []
            await pool.close()

    async def test_a_database_that_does_not_move_is_given_up_in_time(
        self, database_url: str
    ) -> None:
        loop = asyncio.get_running_loop()
        async with database_proxy(database_url) as (proxy, url):
            pool = WritePool(url, size=1, answer_within_s=0.2)
            began = loop.time()
            with pytest.raises(DatabaseUnavailableError):
                async with pool.transaction() as connection:
                    await note(connection, uuid4())
                    proxy.freeze()
                    await note(connection, uuid4())
            for _ in range(3):
                with pytest.raises(DatabaseUnavailableError):
                    async with pool.transaction():
                        pytest.fail("it does not move")
            assert loop.time() - began < 1.5
            proxy.thaw()
            async with pool.transaction() as connection:
                assert await noted(connection) == []
            await pool.close()

    async def test_whoever_leaves_gives_the_turn_back_and_has_written_nothing(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A statement that is cancelled before the server has begun it runs as long as it may.
        monkeypatch.setattr("storage.pools._WRITING_SESSION", "SET statement_timeout = 300")
        pool = WritePool(database_url, size=1)
        asked = asyncio.Event()

        async def sleep() -> None:
            async with pool.transaction() as connection:
                await note(connection, uuid4())
                asked.set()
                await connection.execute("SELECT pg_sleep(10)")

        leaving = asyncio.ensure_future(sleep())
        await asked.wait()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        async with pool.transaction() as connection:
            assert await noted(connection) == []
        await pool.close()
