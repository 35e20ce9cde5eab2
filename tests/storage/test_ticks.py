"""Writing ticks: every new one once, every known one left as it is, and the count of the new."""

from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import BarBatch
from market.sources import Feed
from market.ticks import Tick, TickBatch
from storage.ticks import insert_ticks
from tests.market.strategies import ticks
from tests.storage.making import DAY_US, empty, make_room, numbers, quote, trade

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
FEED = Feed.SIMULATED
DAYS = 3
KNOWN_OR_NEW = pytest.mark.parametrize("all_new", [True, False], ids=["all new", "maybe known"])


def insert(connection: Connection, rows: list[Tick], all_new: bool) -> int:
    batch = TickBatch.of(rows)
    make_room(connection, FEED, batch, BarBatch.empty())
    with connection.transaction():
        return insert_ticks(connection, FEED, batch, all_new)


def keys(rows: list[Tick]) -> set[tuple[int, ...]]:
    return {(row.time_us, row.instrument, row.source, row.kind, row.seq) for row in rows}


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    return numbers(
        connection,
        "SELECT extract(epoch FROM time) * 1000000, instrument_id, source_id, ascii(kind::text), seq,"
        " bid, ask, price, size FROM market.ticks ORDER BY 1, 2, 3, 4, 5",
    )


def shown(row: Tick) -> tuple[Any, ...]:
    key = (row.time_us, row.instrument, row.source, row.kind, row.seq)
    return (*key, row.bid, row.ask, row.price, row.size)


class TestInsert:
    @given(
        st.lists(
            st.tuples(st.lists(ticks(span_us=DAYS * DAY_US), max_size=8), st.booleans()), max_size=4
        ),
        st.data(),
    )
    def test_any_calls_with_any_repeats_store_each_tick_once_and_count_the_new(
        self, connection: Connection, calls: list[tuple[list[Tick], bool]], data: st.DataObject
    ) -> None:
        empty(connection)
        seen: dict[tuple[int, ...], Tick] = {}
        for fresh, all_new in calls:
            repeats = (
                data.draw(st.lists(st.sampled_from([*fresh, *seen.values()]), max_size=4))
                if (fresh or seen)
                else []
            )
            rows = data.draw(st.permutations([*fresh, *repeats]))
            before = len(seen)
            for row in rows:
                seen.setdefault((row.time_us, row.instrument, row.source, row.kind, row.seq), row)
            assert insert(connection, rows, all_new) == len(seen) - before
        assert stored(connection) == sorted(
            (shown(row) for row in seen.values()), key=lambda row: row[:5]
        )

    @KNOWN_OR_NEW
    def test_ticks_of_several_days_go_to_their_days(
        self, connection: Connection, all_new: bool
    ) -> None:
        rows = [trade(day * DAY_US, seq) for seq in range(2) for day in range(DAYS)]
        assert insert(connection, rows, all_new) == len(rows)
        found = numbers(
            connection,
            "SELECT count(DISTINCT time::date), count(*) FROM market.ticks_simulated"
            " GROUP BY tableoid",
        )
        assert found == [(1, 2)] * DAYS

    @KNOWN_OR_NEW
    def test_a_tick_that_is_known_stays_as_it_is(
        self, connection: Connection, all_new: bool
    ) -> None:
        insert(connection, [trade(0, 1, price=10)], True)
        assert insert(connection, [trade(0, 1, price=99), trade(0, 2, price=11)], all_new) == 1
        found = numbers(connection, "SELECT seq, price FROM market.ticks ORDER BY seq")
        assert found == [(1, 10), (2, 11)]

    @KNOWN_OR_NEW
    def test_of_repeats_within_a_batch_the_first_is_kept(
        self, connection: Connection, all_new: bool
    ) -> None:
        assert insert(connection, [trade(0, 1, price=10), trade(0, 1, price=99)], all_new) == 1
        assert numbers(connection, "SELECT price FROM market.ticks") == [(10,)]

    @KNOWN_OR_NEW
    def test_no_ticks_are_no_rows(self, connection: Connection, all_new: bool) -> None:
        assert insert(connection, [], all_new) == 0

    def test_what_differs_in_one_part_of_the_key_is_another_tick(
        self, connection: Connection
    ) -> None:
        rows = [trade(0, 1), trade(0, 2), trade(1, 1), trade(0, 1, instrument=102), quote(0, 1)]
        assert insert(connection, rows, False) == len(keys(rows)) == len(rows)

    def test_the_feeds_never_mix(self, connection: Connection) -> None:
        batch = TickBatch.of([trade(0, 1)])
        for feed in Feed:
            make_room(connection, feed, batch, BarBatch.empty())
            with connection.transaction():
                assert insert_ticks(connection, feed, batch, True) == 1
        assert numbers(connection, "SELECT feed::text FROM market.ticks ORDER BY 1") == [
            ("l",),
            ("r",),
            ("s",),
        ]

    @KNOWN_OR_NEW
    def test_is_undone_with_the_callers_transaction(
        self, connection: Connection, all_new: bool
    ) -> None:
        insert(connection, [trade(0, 1)], True)
        with connection.transaction(force_rollback=True):
            batch = TickBatch.of([trade(0, 1), trade(0, 2)])
            assert insert_ticks(connection, FEED, batch, all_new) == 1
        assert numbers(connection, "SELECT count(*) FROM market.ticks") == [(1,)]
        assert insert(connection, [trade(0, 1), trade(0, 2)], all_new) == 1
