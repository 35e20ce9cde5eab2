"""The inbox's writing side: durable when it says so, without a hole, from one writer alone."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from market.log import LogEntry, LogRecord, LogWriter
from market.sources import Feed, source_of
from storage.books import partition_id, register_done, register_read
from storage.errors import ForeignPartitionError, SecondWriterError
from storage.inbox import Inbox
from storage.push import MAX_DATAGRAM_BYTES, PushListener
from tests.storage.making import DAY_US, SOURCE, START_US, entry, numbers
from tests.storage.severing import severing

Connection = psycopg.Connection[Any]
PARTITION = "binance-0"


@pytest_asyncio.fixture
async def inbox(database_url: str) -> AsyncIterator[Inbox]:
    inbox = Inbox(database_url, None)
    yield inbox
    await inbox.close()


@pytest.fixture
def push_directory() -> Iterator[Path]:
    """A directory whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="tw-") as path:
        yield Path(path)


def held(connection: Connection, partition: str = PARTITION) -> list[tuple[int, bytes]]:
    rows = connection.execute(
        "SELECT log_offset, payload FROM market.inbox"
        " JOIN market.inbox_partitions ON id = partition_id WHERE name = %s ORDER BY 1",
        (partition,),
    )
    return [(offset, bytes(payload)) for offset, payload in rows]


def entries(*payloads: int) -> list[LogEntry]:
    return [entry(str(number).encode()) for number in payloads]


def numbered(*payloads: int) -> list[tuple[int, bytes]]:
    """What the table holds of these payloads."""
    return [(offset, str(number).encode()) for offset, number in enumerate(payloads)]


async def terminate_writers(connection: Connection) -> None:
    """End every other backend of this database, and wait until it has gone."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")


async def until_blocked(database_url: str) -> None:
    """Return once somebody waits for a lock of a table."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        async with asyncio.timeout(10):
            while await (await connection.execute(waiting)).fetchone() == (0,):
                pass


class TestAppend:
    async def test_is_committed_and_contiguous_when_it_returns(
        self, inbox: Inbox, connection: Connection
    ) -> None:
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append(entries(0))
        assert held(connection) == numbered(0)
        await writer.append(entries(1, 2, 3))
        await writer.append([])
        await writer.append(entries(4))
        assert held(connection) == numbered(0, 1, 2, 3, 4)

    async def test_keeps_everything_that_was_received(
        self, inbox: Inbox, connection: Connection
    ) -> None:
        payload = bytes(range(256)) * 4_000  # about a megabyte, no valid text
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append([LogEntry("klines", '{"symbol":"ÄÖ"}', START_US + 1, payload)])
        found = numbers(
            connection,
            "SELECT day, extract(epoch FROM received_at) * 1000000, kind, context, payload"
            " FROM market.inbox",
        )
        assert found == [(date(2023, 11, 14), START_US + 1, "klines", '{"symbol":"ÄÖ"}', payload)]

    @pytest.mark.parametrize("at_once", [True, False])
    async def test_a_new_day_gets_its_partition_on_demand(
        self, inbox: Inbox, connection: Connection, at_once: bool
    ) -> None:
        midnight = (START_US // DAY_US + 1) * DAY_US
        both = [entry(b"0", midnight - 1), entry(b"1", midnight)]
        writer = await inbox.writer(PARTITION, SOURCE)
        for batch in [both] if at_once else [[item] for item in both]:
            await writer.append(batch)
        found = numbers(
            connection, "SELECT tableoid::regclass::text FROM market.inbox ORDER BY log_offset"
        )
        assert found == [("market.inbox_simulated_20231114",), ("market.inbox_simulated_20231115",)]
        assert held(connection) == numbered(0, 1)

    async def test_a_new_day_in_a_session_of_another_zone_and_language(
        self, database_url: str, connection: Connection
    ) -> None:
        inbox = Inbox(database_url + "&options=-c%20TimeZone%3DPacific%2FKiritimati", None)
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append([entry(b"0", (START_US // DAY_US + 1) * DAY_US - 1)])
        await inbox.close()
        assert numbers(connection, "SELECT day FROM market.inbox") == [(date(2023, 11, 14),)]

    async def test_pushes_what_it_has_committed(
        self, database_url: str, push_directory: Path, connection: Connection
    ) -> None:
        listener = PushListener(push_directory, "live")
        inbox = Inbox(database_url, push_directory)
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append([entry(b"0"), entry(b"x" * MAX_DATAGRAM_BYTES), entry(b"2")])
        heard = list(listener.received())
        assert heard == [
            LogRecord(PARTITION, offset, SOURCE, "frames", "{}", START_US, str(offset).encode())
            for offset in (0, 2)
        ]
        assert len(held(connection)) == 3
        await inbox.close()
        listener.close()

    async def test_of_several_tasks_at_once_takes_turns(
        self, inbox: Inbox, database_url: str
    ) -> None:
        writer = await inbox.writer(PARTITION, SOURCE)
        await asyncio.gather(*(writer.append(entries(number)) for number in range(20)))
        with psycopg.connect(database_url) as connection:
            assert held(connection) == numbered(*range(20))


class TestWriter:
    async def test_goes_on_where_the_last_one_ended(
        self, database_url: str, connection: Connection
    ) -> None:
        for number in range(3):
            inbox = Inbox(database_url, None)
            await (await inbox.writer(PARTITION, SOURCE)).append(entries(number))
            await inbox.close()
        assert held(connection) == numbered(0, 1, 2)

    async def test_goes_on_though_the_old_days_were_dropped(
        self, inbox: Inbox, connection: Connection
    ) -> None:
        identity = partition_id(connection, PARTITION, SOURCE)
        register_read(connection, "store", {identity: 41})
        await (await inbox.writer(PARTITION, SOURCE)).append(entries(7))
        assert held(connection) == [(42, b"7")]

    async def test_a_second_one_is_refused_and_the_first_goes_on(
        self, inbox: Inbox, database_url: str, connection: Connection
    ) -> None:
        first = await inbox.writer(PARTITION, SOURCE)
        other = Inbox(database_url, None)
        with pytest.raises(SecondWriterError, match="binance-0 already has a writer"):
            await other.writer(PARTITION, SOURCE)
        await (await other.writer("binance-1", SOURCE)).append(entries(0))
        await first.append(entries(0))
        assert held(connection) == numbered(0) == held(connection, "binance-1")
        await other.close()

    async def test_one_behind_the_locks_back_fails_and_changes_nothing(
        self, inbox: Inbox, connection: Connection
    ) -> None:
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append(entries(0))
        connection.execute(
            "INSERT INTO market.inbox SELECT partition_id, 1, feed, day, received_at, kind, context, 'x'"
            " FROM market.inbox"
        )
        with pytest.raises(SecondWriterError):
            await writer.append(entries(1, 2))
        assert held(connection) == [(0, b"0"), (1, b"x")]

    async def test_a_partition_is_free_again_once_its_writer_is_closed(
        self, inbox: Inbox, database_url: str
    ) -> None:
        other = Inbox(database_url, None)
        await other.writer(PARTITION, SOURCE)
        await other.close()
        await inbox.writer(PARTITION, SOURCE)

    async def test_a_partition_of_another_source_is_refused(
        self, inbox: Inbox, database_url: str, connection: Connection
    ) -> None:
        await (await inbox.writer(PARTITION, SOURCE)).append(entries(0))
        await inbox.close()
        other = Inbox(database_url, None)
        with pytest.raises(ForeignPartitionError, match="binance-0 holds simulated binance data"):
            await other.writer(PARTITION, source_of("binance", Feed.LIVE))
        await other.close()
        assert held(connection) == numbered(0)


class TestLostConnections:
    async def test_a_terminated_backend_between_appends(
        self, inbox: Inbox, connection: Connection
    ) -> None:
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append(entries(0))
        await terminate_writers(connection)
        await writer.append(entries(1, 2))
        await writer.append(entries(3))
        assert held(connection) == numbered(0, 1, 2, 3)

    async def test_a_backend_terminated_during_an_append(
        self, inbox: Inbox, database_url: str, connection: Connection
    ) -> None:
        writer = await inbox.writer(PARTITION, SOURCE)
        await writer.append(entries(0))
        with psycopg.connect(database_url) as blocker:
            blocker.execute("LOCK TABLE market.inbox IN EXCLUSIVE MODE")
            append = asyncio.create_task(self.append(writer, 1, 2))
            await until_blocked(database_url)
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        await append
        assert held(connection) == numbered(0, 1, 2)

    @pytest.mark.parametrize("cuts", [1, 2])
    async def test_a_line_cut_between_a_commit_and_its_answer(
        self, database_url: str, connection: Connection, cuts: int
    ) -> None:
        async with severing(database_url) as (url, proxy):
            inbox = Inbox(url, None)
            writer = await inbox.writer(PARTITION, SOURCE)
            await writer.append(entries(0))
            for number in range(1, 2 * cuts, 2):
                proxy.cuts_left = 1
                await writer.append(entries(number, number + 1))
                assert proxy.cuts_left == 0
            await writer.append(entries(9))
            await inbox.close()
        assert held(connection) == numbered(*range(2 * cuts + 1), 9)

    async def append(self, writer: LogWriter, *payloads: int) -> None:
        await writer.append(entries(*payloads))


async def test_the_end_counts_what_the_books_and_the_consumers_know(
    inbox: Inbox, connection: Connection
) -> None:
    identity = partition_id(connection, PARTITION, SOURCE)
    register_done(connection, identity, [])
    connection.execute("INSERT INTO market.inbox_done VALUES (%s, 9, 0, 0, 0, 0)", (identity,))
    await (await inbox.writer(PARTITION, SOURCE)).append(entries(0))
    assert held(connection) == [(10, b"0")]
