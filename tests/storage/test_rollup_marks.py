"""Marks and notes of touched hours: no write to a rolled-up hour goes unnoted, no new note is lost."""

import threading
from typing import Any

import psycopg
import pytest

from market.bars import BarBatch
from market.clock import microseconds
from market.sources import Feed
from storage.candles import Bucket
from storage.rollup_marks import (
    Marks,
    Touches,
    forget,
    marks,
    set_until,
    touched_hours,
    watch,
)
from tests.storage.making import INSTRUMENT, SOURCE, numbers
from tests.storage.rolling import FEED, at, minute_bar

Connection = psycopg.Connection[Any]

pytestmark = pytest.mark.both_backends
LOCKS = pytest.mark.plain_only("the sessions of its gateway are one to the server")


def touch(connection: Connection, *minutes: int, feed: Feed = FEED) -> None:
    """Note what a transaction has written in these minutes."""
    touches = Touches()
    touches.bars(feed, BarBatch.of([minute_bar(minute) for minute in minutes]))
    with connection.transaction():
        touches.record(connection)


def noted(connection: Connection) -> list[tuple[Any, ...]]:
    return numbers(
        connection,
        "SELECT feed::text, hour, instrument_id, source_id FROM market.touched_hours ORDER BY 1, 2",
    )


class TestTouches:
    def test_nothing_is_noted_before_the_first_refresh(self, connection: Connection) -> None:
        touch(connection, 0, 60)
        assert noted(connection) == []

    def test_hours_below_the_mark_are_noted_once_each(self, connection: Connection) -> None:
        watch(connection, FEED, at(120))
        touch(connection, 0, 1, 59, 60, 120, 121)
        key = (INSTRUMENT, SOURCE.id)
        assert noted(connection) == [("s", at(0), *key), ("s", at(60), *key)]

    def test_feeds_have_marks_of_their_own(self, connection: Connection) -> None:
        watch(connection, Feed.LIVE, at(60))
        touch(connection, 0)
        touch(connection, 1, feed=Feed.LIVE)
        assert noted(connection) == [("l", at(0), INSTRUMENT, SOURCE.id)]

    def test_buckets_made_anew_are_noted_too(self, connection: Connection) -> None:
        watch(connection, FEED, at(60))
        touches = Touches()
        touches.buckets(FEED, [Bucket(microseconds(at(7)), 102, 5)])
        touches.buckets(FEED, [])
        touches.bars(FEED, BarBatch.empty())
        touches.record(connection)
        assert noted(connection) == [("s", at(0), 102, 5)]

    def test_nothing_written_asks_nothing(self, connection: Connection) -> None:
        touches = Touches()
        touches.bars(FEED, BarBatch.of([minute_bar(0)]))
        connection.close()
        Touches().record(connection)
        with pytest.raises(psycopg.OperationalError):
            touches.record(connection)

    def test_a_note_goes_back_with_its_transaction(self, connection: Connection) -> None:
        watch(connection, FEED, at(60))
        touches = Touches()
        touches.bars(FEED, BarBatch.of([minute_bar(0)]))
        with connection.transaction(force_rollback=True):
            touches.record(connection)
        assert noted(connection) == []


class TestWatch:
    def test_moves_ahead_only(self, connection: Connection) -> None:
        assert marks(connection, FEED) is None
        assert watch(connection, FEED, at(60)) == Marks(at(60), None)
        set_until(connection, FEED, at(60))
        assert watch(connection, FEED, at(120)) == Marks(at(120), at(60))
        assert watch(connection, FEED, at(60)) == marks(connection, FEED) == Marks(at(120), at(60))

    @LOCKS
    def test_waits_for_who_went_by_the_old_mark_and_for_nobody_else(
        self, database_url: str, connection: Connection
    ) -> None:
        moved = threading.Event()

        def move() -> None:
            with psycopg.connect(database_url, autocommit=True) as other:
                watch(other, FEED, at(60))
            moved.set()

        touches, thread = Touches(), threading.Thread(target=move)
        touches.bars(FEED, BarBatch.of([minute_bar(0)]))
        with psycopg.connect(database_url) as writer:
            touches.record(writer)
            thread.start()
            wait_for_a_waiting_lock(connection)
            watch(connection, Feed.LIVE, at(60))
            assert marks(connection, FEED) is None
            assert not moved.is_set()
        thread.join()
        assert marks(connection, FEED) == Marks(at(60), None)

    @LOCKS
    def test_who_waited_for_it_goes_by_the_new_mark(
        self, database_url: str, connection: Connection
    ) -> None:
        with psycopg.connect(database_url) as mover:
            watch(mover, FEED, at(60))  # in a transaction that has yet to end
            writer = threading.Thread(target=touch_elsewhere, args=(database_url, 0))
            writer.start()
            wait_for_a_waiting_lock(connection)
        writer.join()
        assert noted(connection) == [("s", at(0), INSTRUMENT, SOURCE.id)]


def touch_elsewhere(database_url: str, minute: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        touch(connection, minute)


def wait_for_a_waiting_lock(connection: Connection) -> None:
    """Return once somebody in this database waits for an advisory lock."""
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    while numbers(connection, waiting) == [(0,)]:
        pass


class TestForget:
    @pytest.fixture(autouse=True)
    def _watched(self, connection: Connection) -> None:
        watch(connection, FEED, at(180))

    def test_takes_away_what_was_read(self, connection: Connection) -> None:
        touch(connection, 0, 60)
        read = touched_hours(connection, FEED, at(60), 10)
        assert [item.hour for item in read] == [at(0)]
        forget(connection, FEED, read)
        assert [hour for _, hour, *_ in noted(connection)] == [at(60)]

    def test_leaves_what_was_touched_again(self, connection: Connection) -> None:
        touch(connection, 0, 60)
        read = touched_hours(connection, FEED, at(180), 10)
        touch(connection, 61)
        forget(connection, FEED, read)
        assert [hour for _, hour, *_ in noted(connection)] == [at(60)]

    @LOCKS
    def test_leaves_what_is_being_touched_and_waits_for_nobody(
        self, database_url: str, connection: Connection
    ) -> None:
        touch(connection, 0, 60)
        read = touched_hours(connection, FEED, at(180), 10)
        touches = Touches()
        touches.bars(FEED, BarBatch.of([minute_bar(0)]))
        with psycopg.connect(database_url) as writer:
            touches.record(writer)
            forget(connection, FEED, read)
        assert [hour for _, hour, *_ in noted(connection)] == [at(0)]

    def test_the_earliest_are_read_first(self, connection: Connection) -> None:
        touch(connection, 120, 60, 0)
        read = touched_hours(connection, FEED, at(180), 2)
        assert [item.hour for item in read] == [at(0), at(60)]
