"""The books of the log: what came of each record, and how far each consumer has read."""

import threading
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from market.sources import Feed, source_of
from storage import books
from storage.books import Done, Quarantined, ReadRegister, Released, Totals
from tests.storage.making import SOURCE, START_US, numbers

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
CONSUMER = "store-simulated"
WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"


@pytest.fixture
def partition(connection: Connection) -> int:
    """The id of `binance-0`."""
    return books.partition_id(connection, "binance-0", SOURCE)


class TestPartitionId:
    def test_is_given_once_and_stays(self, connection: Connection, partition: int) -> None:
        other = books.partition_id(connection, "binance-1", SOURCE)
        assert other != partition
        assert books.partition_id(connection, "binance-0", SOURCE) == partition
        assert numbers(
            connection, "SELECT name, source_id FROM market.inbox_partitions ORDER BY id"
        ) == [("binance-0", SOURCE.id), ("binance-1", SOURCE.id)]

    @pytest.mark.plain_only("needs two transactions at once")
    def test_of_one_that_another_connection_makes_meanwhile(
        self, database_url: str, connection: Connection
    ) -> None:
        found: list[int] = []

        def ask() -> None:
            with psycopg.connect(database_url) as other:
                found.append(books.partition_id(other, "binance-0", SOURCE))

        asking = threading.Thread(target=ask)
        with psycopg.connect(database_url) as first:
            made = books.partition_id(first, "binance-0", SOURCE)
            asking.start()
            while asking.is_alive() and not numbers(connection, WAITING):
                pass
        asking.join()
        assert found == [made]


class TestReadOffsets:
    def test_are_kept_by_consumer_and_partition(
        self, connection: Connection, partition: int
    ) -> None:
        other = books.partition_id(connection, "fixer-0", source_of("fixer", Feed.SIMULATED))
        books.register_read(connection, CONSUMER, {partition: 7, other: 0})
        books.register_read(connection, "live-simulated", {partition: 3})
        assert books.done_offsets(connection, CONSUMER) == {"binance-0": 7, "fixer-0": 0}
        assert books.done_offsets(connection, "live-simulated") == {"binance-0": 3}
        assert books.done_offsets(connection, "nobody") == {}

    def test_are_read_over_a_connection_of_ones_own_too(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        books.register_read(connection, CONSUMER, {partition: 7})
        assert books.consumer_offsets(database_url, CONSUMER) == {"binance-0": 7}

    def test_never_go_back(self, connection: Connection, partition: int) -> None:
        for offset in (5, 3, 9, 8):
            books.register_read(connection, CONSUMER, {partition: offset})
        assert books.done_offsets(connection, CONSUMER) == {"binance-0": 9}

    def test_of_nothing_register_nothing(self, connection: Connection) -> None:
        books.register_read(connection, CONSUMER, {})
        assert books.done_offsets(connection, CONSUMER) == {}


class TestReadRegister:
    def test_registers_by_name_and_passes_over_a_stranger(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        register = ReadRegister(database_url, "live-simulated")
        register.register({"binance-0": 4, "nobody-0": 9})
        register.register({"binance-0": 2})
        register.register({})
        register.close()
        assert books.done_offsets(connection, "live-simulated") == {"binance-0": 4}


class TestDone:
    def test_totals_are_of_the_named_partitions(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        other = books.partition_id(connection, "binance-1", SOURCE)
        books.register_done(connection, partition, [Done(0, 5, 1, 2, 0), Done(1, 7, 0, 0, 3)])
        books.register_done(connection, other, [Done(0, 100, 0, 0, 0)])
        assert books.totals(database_url, ["binance-0"]) == Totals(12, 1, 2, 3)
        assert books.totals(database_url, ["binance-0", "binance-1"]) == Totals(112, 1, 2, 3)
        assert books.totals(database_url, []) == Totals(0, 0, 0, 0)

    def test_a_record_is_entered_once(self, connection: Connection, partition: int) -> None:
        books.register_done(connection, partition, [Done(0, 5, 1, 2, 0)])
        with pytest.raises(psycopg.errors.UniqueViolation):
            books.register_done(connection, partition, [Done(0, 5, 1, 2, 0)])


class TestQuarantine:
    def test_says_why_and_what(self, connection: Connection, partition: int) -> None:
        rows = [
            Quarantined(0, "crossed", "bid 2 ask 1", START_US + 1, 101),
            Quarantined(1, "not a price: 'NaN'", '{"p":"NaN"}'),
        ]
        books.quarantine(connection, partition, 9, SOURCE, rows)
        books.quarantine(connection, partition, 10, SOURCE, [])
        assert numbers(
            connection,
            "SELECT log_offset, item, reason, excerpt, time, instrument_id, source_id, feed::text"
            " FROM market.quarantine ORDER BY item",
        ) == [
            (
                *(9, 0, "crossed", "bid 2 ask 1"),
                *(datetime(2023, 11, 14, 22, 14, 0, 1, UTC), 101, SOURCE.id, "s"),
            ),
            (9, 1, "not a price: 'NaN'", '{"p":"NaN"}', None, None, SOURCE.id, "s"),
        ]

    def test_takes_any_excerpt_that_a_provider_may_have_sent(
        self, connection: Connection, partition: int
    ) -> None:
        books.quarantine(
            connection, partition, 0, SOURCE, [Quarantined(0, "\x00", "a\x00b\ud800\ufffd")]
        )
        assert numbers(connection, "SELECT reason, excerpt FROM market.quarantine") == [
            ("\ufffd", "a\ufffdb?\ufffd")
        ]


class TestRelease:
    @pytest.fixture
    def held(self, connection: Connection, partition: int) -> None:
        """Record 4 of a tick and two that were set aside."""
        books.register_done(connection, partition, [Done(4, 1, 2, 0, 0)])
        rows = [Quarantined(item, "outlier", "x") for item in (1, 2)]
        books.quarantine(connection, partition, 4, SOURCE, rows)

    @pytest.mark.usefixtures("held")
    def test_moves_a_tick_from_the_quarantine_to_the_ticks_or_duplicates_of_its_record(
        self, connection: Connection, partition: int
    ) -> None:
        books.release(connection, partition, [Released(4, 1, True)])
        assert numbers(connection, "SELECT item FROM market.quarantine") == [(2,)]
        entered = "SELECT ticks, quarantined, duplicates FROM market.inbox_done"
        assert numbers(connection, entered) == [(2, 1, 0)]
        books.release(connection, partition, [Released(4, 2, False)])
        assert numbers(connection, entered) == [(2, 0, 1)]
        assert numbers(connection, "SELECT count(*) FROM market.quarantine") == [(0,)]

    @pytest.mark.usefixtures("held")
    def test_finds_the_record_where_it_is_summed_up_already(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        books.register_read(connection, CONSUMER, {partition: 4})
        books.fold(connection)
        books.release(connection, partition, [Released(4, 1, True), Released(4, 2, False)])
        assert books.totals(database_url, ["binance-0"]) == Totals(2, 0, 1, 0)


class TestReopen:
    def test_forgets_what_came_of_these_partitions_and_of_no_other(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        other = books.partition_id(connection, "binance-1", SOURCE)
        for identity in (partition, other):
            books.register_done(connection, identity, [Done(0, 5, 1, 2, 0)])
            books.quarantine(connection, identity, 0, SOURCE, [Quarantined(0, "x", "y")])
            books.register_read(connection, CONSUMER, {identity: 0})
        books.register_read(connection, "live-simulated", {partition: 0})
        books.reopen(connection, CONSUMER, ["binance-0"])
        assert books.totals(database_url, ["binance-0"]) == Totals(0, 0, 0, 0)
        assert books.totals(database_url, ["binance-1"]) == Totals(5, 1, 2, 0)
        assert numbers(connection, "SELECT partition_id FROM market.quarantine") == [(other,)]
        assert books.done_offsets(connection, CONSUMER) == {"binance-1": 0}
        assert books.done_offsets(connection, "live-simulated") == {"binance-0": 0}


class TestFold:
    @pytest.fixture
    def inbox(self, connection: Connection, partition: int) -> int:
        """The same partition with the records 3 and 4 still in the inbox, and the books of 0 to 4."""
        connection.execute(
            "CREATE TABLE market.inbox_all PARTITION OF market.inbox_simulated"
            " FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')"
        )
        for offset in (3, 4):
            connection.execute(
                "INSERT INTO market.inbox VALUES (%s, %s, 's', '2024-01-01', now(), '', '', '')",
                (partition, offset),
            )
        books.register_done(connection, partition, [Done(n, 10 + n, 1, 2, 3) for n in range(5)])
        return partition

    def entries(self, connection: Connection) -> list[int]:
        rows = numbers(connection, "SELECT log_offset FROM market.inbox_done ORDER BY 1")
        return [offset for (offset,) in rows]

    def test_sums_up_what_is_no_longer_in_the_inbox(
        self, database_url: str, connection: Connection, inbox: int
    ) -> None:
        books.register_read(connection, CONSUMER, {inbox: 4})
        before = books.totals(database_url, ["binance-0"])
        for _ in range(2):
            books.fold(connection)
            assert self.entries(connection) == [3, 4]
            assert books.totals(database_url, ["binance-0"]) == before == Totals(60, 5, 10, 15)

    def test_adds_to_what_was_summed_up_before(
        self, database_url: str, connection: Connection, inbox: int
    ) -> None:
        books.register_read(connection, CONSUMER, {inbox: 4})
        before = books.totals(database_url, ["binance-0"])
        books.fold(connection)
        connection.execute("DELETE FROM market.inbox")
        books.fold(connection)
        assert self.entries(connection) == []
        assert books.totals(database_url, ["binance-0"]) == before
        found = numbers(connection, "SELECT log_offset FROM market.inbox_totals")
        assert found == [(4,)]

    def test_leaves_what_nobody_has_registered_for(
        self, connection: Connection, inbox: int
    ) -> None:
        connection.execute("DELETE FROM market.inbox")
        books.fold(connection)
        assert self.entries(connection) == [0, 1, 2, 3, 4]

    def test_leaves_the_books_of_recorded_files(
        self, connection: Connection, partition: int
    ) -> None:
        name = "file:0123456789abcdef"
        file = books.partition_id(connection, name, source_of("oanda", Feed.RECORDED))
        books.register_done(connection, file, [Done(9_999, 10_000, 0, 0, 0)])
        books.register_read(connection, "replay", {file: 9_999})
        books.fold(connection)
        assert self.entries(connection) == [9_999]


class TestLogEnds:
    def test_are_what_is_there_or_was_read(
        self, database_url: str, connection: Connection, partition: int
    ) -> None:
        assert books.log_ends(database_url, Feed.SIMULATED) == {}
        books.register_read(connection, CONSUMER, {partition: 7})
        assert books.log_ends(database_url, Feed.SIMULATED) == {"binance-0": 7}
        connection.execute(
            "CREATE TABLE market.inbox_all PARTITION OF market.inbox_simulated"
            " FOR VALUES FROM ('2024-01-01') TO ('2024-01-02')"
        )
        connection.execute(
            "INSERT INTO market.inbox VALUES (%s, 9, 's', '2024-01-01', now(), '', '', '')",
            (partition,),
        )
        assert books.log_ends(database_url, Feed.SIMULATED) == {"binance-0": 9}
        assert books.log_ends(database_url, Feed.LIVE) == {}
