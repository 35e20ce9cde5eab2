"""The book of gaps: entered once, asked for, filled when all of it is there, lost when nobody has it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from market.bars import BarBatch
from market.clock import system_clock
from market.gaps import Gap, GapCause
from market.log import LogEntry
from market.sources import Feed, Source, source_of
from market.ticks import TRADE, Tick, TickBatch
from storage import books
from storage.gaps import GapBook, insert_gaps, settle
from storage.inbox import Inbox
from storage.outcomes import OutcomeWriter
from storage.ticks import insert_ticks
from tests.storage.making import make_room, numbers
from tests.storage.test_outcomes import outcome

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
KRAKEN = source_of("kraken", Feed.SIMULATED)
NOW = system_clock() // 1_000_000 * 1_000_000
BTC = 111
SECOND = 1_000_000
STATES = "SELECT state FROM market.gaps ORDER BY id"


def trade(number: int, source: Source = KRAKEN, at_us: int | None = None) -> Tick:
    time_us = NOW - 60 * SECOND + number if at_us is None else at_us
    return Tick(time_us, BTC, source.id, TRADE, number, price="10", size="1")


def missing(first: int, last: int, source: Source = KRAKEN) -> Gap:
    """Trades that are missing within the last minute."""
    edges = NOW - 60 * SECOND + first - 1, NOW - 60 * SECOND + last + 1
    return Gap(source, BTC, GapCause.TRADE_IDS, *edges, first, last)


SILENCE = Gap(KRAKEN, None, GapCause.SILENCE, NOW - 10 * SECOND, NOW)


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is long ago is so by the database's clock: the now of a test is not that of its import."""
    now = system_clock() // 1_000_000 * 1_000_000
    silence = replace(SILENCE, start_us=now - 10 * SECOND, end_us=now)
    monkeypatch.setitem(globals(), "NOW", now)
    monkeypatch.setitem(globals(), "SILENCE", silence)


def enter(connection: Connection, *gaps: Gap, partition: str = "kraken-simulated-0") -> None:
    identity = books.partition_id(connection, partition, gaps[0].source)
    with connection.transaction():
        insert_gaps(connection, identity, 7, gaps)


def store(connection: Connection, ticks: Sequence[Tick]) -> None:
    batch = TickBatch.of(ticks)
    make_room(connection, Feed.SIMULATED, batch, BarBatch.empty())
    with connection.transaction():
        insert_ticks(connection, Feed.SIMULATED, batch, all_new=False)


@pytest.fixture
def book(database_url: str) -> GapBook:
    return GapBook(database_url)


async def open_gaps(book: GapBook) -> dict[int, Gap]:
    return dict(await book.open("kraken", Feed.SIMULATED))


class TestInsert:
    async def test_is_read_back_as_it_was(self, connection: Connection, book: GapBook) -> None:
        enter(connection, missing(6, 9), SILENCE)
        assert list((await open_gaps(book)).values()) == [missing(6, 9), SILENCE]
        assert await book.open("kraken", Feed.LIVE) == []

    def test_a_record_that_is_read_again_enters_nothing(self, connection: Connection) -> None:
        enter(connection, missing(6, 9))
        enter(connection, missing(6, 9))
        assert numbers(connection, STATES) == [("open",)]

    async def test_one_of_a_provider_without_history_is_lost_at_once(
        self, connection: Connection, book: GapBook
    ) -> None:
        ecb = source_of("ecb", Feed.SIMULATED)
        enter(connection, replace(SILENCE, source=ecb), partition="ecb-simulated-0")
        assert numbers(connection, "SELECT state, cause, settled_at IS NULL FROM market.gaps") == [
            ("lost", "silence", False)
        ]
        assert await book.open("ecb", Feed.SIMULATED) == []


class TestAsking:
    async def test_what_was_asked_rests_for_a_minute(
        self, connection: Connection, book: GapBook
    ) -> None:
        enter(connection, missing(6, 9))
        (gap_id,) = await open_gaps(book)
        await book.asked(gap_id)
        assert await open_gaps(book) == {}
        connection.execute("UPDATE market.gaps SET asked_at = now() - interval '61 s'")
        assert list(await open_gaps(book)) == [gap_id]

    async def test_what_is_lost_stays_so(self, connection: Connection, book: GapBook) -> None:
        enter(connection, missing(6, 9))
        (gap_id,) = await open_gaps(book)
        await book.lost(gap_id)
        store(connection, [trade(n) for n in range(6, 10)])
        await book.asked(gap_id)
        assert settle(connection) == 0
        assert numbers(connection, STATES) == [("lost",)]

    async def test_what_came_before_it_was_given_up_is_filled(
        self, connection: Connection, book: GapBook
    ) -> None:
        enter(connection, missing(6, 9), missing(12, 13), SILENCE)
        store(connection, [trade(n) for n in (6, 7, 8, 9, 12)])
        for gap_id in await open_gaps(book):
            await book.lost(gap_id)
        assert numbers(connection, STATES) == [("filled",), ("lost",), ("lost",)]

    async def test_what_was_answered_is_read_before_it_is_asked_for_again(
        self, database_url: str, connection: Connection, book: GapBook
    ) -> None:
        enter(connection, missing(6, 9))
        (gap_id,) = await open_gaps(book)
        history = "kraken-simulated-backfill"
        inbox = Inbox(database_url, None)
        writer = await inbox.writer(history, KRAKEN)
        await writer.append([LogEntry("trades", "", NOW - 90 * SECOND, b"{}")])
        await inbox.close()
        await book.asked(gap_id)
        connection.execute("UPDATE market.gaps SET asked_at = now() - interval '61 s'")
        assert await open_gaps(book) == {}
        identity = books.partition_id(connection, history, KRAKEN)
        books.register_read(connection, "store-simulated", {identity: 0})
        assert list(await open_gaps(book)) == [gap_id]

    async def test_a_database_that_is_away_is_an_empty_book(self) -> None:
        nowhere = GapBook("postgresql://127.0.0.1:1/nowhere?connect_timeout=2")
        assert await nowhere.open("kraken", Feed.LIVE) == []
        await nowhere.asked(1)
        await nowhere.lost(1)


class TestSettling:
    def test_missing_trades_are_filled_when_the_last_of_them_is_there(
        self, connection: Connection
    ) -> None:
        enter(connection, missing(6, 9))
        store(connection, [trade(n) for n in (5, 6, 7, 8, 10)])
        assert settle(connection) == 1
        store(
            connection, [trade(9, at_us=NOW - 60 * SECOND - 500)]
        )  # REST tells it a little earlier
        assert settle(connection) == 0
        assert numbers(connection, "SELECT state, settled_at IS NULL FROM market.gaps") == [
            ("filled", False)
        ]

    def test_trades_of_another_source_fill_nothing(self, connection: Connection) -> None:
        enter(connection, missing(6, 6))
        store(connection, [trade(6, source_of("coinbase", Feed.SIMULATED))])
        assert settle(connection) == 1

    def test_an_old_gap_is_left_to_the_thorough(self, connection: Connection) -> None:
        old = replace(missing(6, 6), start_us=NOW - 7_200 * SECOND, end_us=NOW - 3_600 * SECOND)
        enter(connection, old)
        store(connection, [trade(6, at_us=NOW - 4_000 * SECOND)])
        assert settle(connection) == 1
        assert settle(connection, thorough=True) == 0

    async def test_silence_is_filled_once_the_answers_are_read(
        self, database_url: str, connection: Connection, book: GapBook
    ) -> None:
        enter(connection, SILENCE)
        history = "kraken-simulated-backfill"
        inbox = Inbox(database_url, None)
        writer = await inbox.writer(history, KRAKEN)
        await writer.append([LogEntry("trades", "", NOW, b"{}")])
        assert settle(connection) == 1
        (gap_id,) = await open_gaps(book)
        await book.asked(gap_id)
        assert settle(connection) == 1
        identity = books.partition_id(connection, history, KRAKEN)
        books.register_read(connection, "store-simulated", {identity: 0})
        assert settle(connection) == 0
        await inbox.close()

    @pytest.mark.plain_only("needs two transactions at once")
    def test_what_somebody_else_looks_at_is_left_to_him(
        self, database_url: str, connection: Connection
    ) -> None:
        enter(connection, missing(6, 6))
        store(connection, [trade(6)])
        with psycopg.connect(database_url) as other:
            other.execute("SELECT FROM market.gaps FOR UPDATE")
            assert settle(connection) == 1
        assert settle(connection) == 0

    def test_a_writer_settles_soon_after_the_trades_come(
        self, database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.outcomes.SETTLE_EVERY_S", 0.0)
        monkeypatch.setattr("storage.outcomes.SETTLE_PAUSE", 0)
        writer = OutcomeWriter(database_url, "store-simulated")
        live = {"partition": "kraken-simulated-0", "source": KRAKEN}
        writer.commit([outcome(0, [trade(5), trade(8)], gaps=[missing(6, 7)], **live)])
        assert numbers(connection, STATES) == [("open",)]
        history = {"partition": "kraken-simulated-backfill", "source": KRAKEN}
        writer.commit([outcome(0, [trade(6), trade(7)], **history)])
        assert numbers(connection, STATES) == [("filled",)]
        writer.close()
