"""Writing candles: they never go back, and those made anew are those of the ticks, to the byte."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import ASK, BAR_US, BID, LAST, MID, Bar, BarBatch
from market.clock import datetime_of, system_clock
from market.sources import Feed
from market.ticks import QUOTE, Tick, TickBatch
from storage.candles import (
    Bucket,
    buckets_holding,
    covered_until,
    insert_candles,
    recompute_candles,
    upsert_candles,
    upsert_provider_bars,
)
from storage.partitions import note_ended_ticks
from storage.ticks import insert_ticks
from tests.market.strategies import bars, ticks
from tests.reference.candles import candles
from tests.storage.making import (
    INSTRUMENT,
    SOURCE,
    START_US,
    candle_texts,
    empty,
    make_room,
    numbers,
    quote,
    text,
    trade,
)

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
FEED = Feed.SIMULATED
HOUR_US = 60 * BAR_US
BUCKET = Bucket(START_US, INSTRUMENT, SOURCE.id)


def bar(
    close: str | int, minute: int = 0, side: int = LAST, ticks: int = 1, volume: str | None = None
) -> Bar:
    return Bar(
        START_US + minute * BAR_US, INSTRUMENT, SOURCE.id, side, 1, 100, 1, close, volume, ticks
    )


def upsert(
    connection: Connection, rows: list[Bar], partition: int, offset: int, since: int = 0
) -> set[Bucket]:
    batch = BarBatch.of(rows)
    make_room(connection, FEED, TickBatch.empty(), batch)
    with connection.transaction():
        return upsert_candles(connection, FEED, batch, partition, (since, offset))


def provide(connection: Connection, rows: list[Bar]) -> int:
    batch = BarBatch.of(rows)
    make_room(connection, FEED, TickBatch.empty(), batch)
    with connection.transaction():
        return upsert_provider_bars(connection, FEED, batch)


def store(connection: Connection, rows: list[Tick], feed: Feed = FEED) -> set[Bucket]:
    """Store ticks; their buckets."""
    batch = TickBatch.of(rows)
    make_room(connection, feed, batch, BarBatch.empty())
    with connection.transaction():
        insert_ticks(connection, feed, batch, all_new=False)
    return {Bucket(row.time_us - row.time_us % BAR_US, row.instrument, row.source) for row in rows}


def recompute(connection: Connection, buckets: set[Bucket], feed: Feed = FEED) -> None:
    with connection.transaction():
        recompute_candles(connection, feed, buckets)


def closes(connection: Connection) -> list[tuple[Any, ...]]:
    """Close, partition and offset of every candle by time and side."""
    return numbers(
        connection,
        "SELECT close, partition_id, log_offset FROM market.candles ORDER BY time, side::text",
    )


class TestUpsert:
    @pytest.mark.parametrize(("offset", "close"), [(4, 10), (5, 20), (6, 20)])
    def test_a_lower_offset_of_the_same_partition_is_refused(
        self, connection: Connection, offset: int, close: int
    ) -> None:
        assert upsert(connection, [bar(10)], 1, 5) == set()
        assert upsert(connection, [bar(20)], 1, offset) == set()
        assert closes(connection) == [(close, 1, max(5, offset))]

    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 99)), min_size=1, max_size=6))
    def test_any_order_of_offsets_ends_with_the_last_write_of_the_highest(
        self, connection: Connection, writes: list[tuple[int, int]]
    ) -> None:
        empty(connection)
        for offset, close in writes:
            upsert(connection, [bar(close)], 1, offset)
        highest = max(offset for offset, _ in writes)
        last = [close for offset, close in writes if offset == highest][-1]
        assert closes(connection) == [(last, 1, highest)]

    def test_a_candle_of_another_partition_is_returned_and_not_written(
        self, connection: Connection
    ) -> None:
        upsert(connection, [bar(10)], 1, 5)
        assert upsert(connection, [bar(20), bar(30, minute=1)], 2, 9) == {BUCKET}
        assert closes(connection) == [(10, 1, 5), (30, 2, 9)]

    def test_a_candle_of_before_the_span_is_returned_and_not_written(
        self, connection: Connection
    ) -> None:
        upsert(connection, [bar(10)], 1, 5)
        assert upsert(connection, [bar(20)], 1, 9, since=6) == {BUCKET}
        assert closes(connection) == [(10, 1, 5)]
        assert upsert(connection, [bar(20)], 1, 9, since=5) == set()
        assert closes(connection) == [(20, 1, 9)]

    def test_a_candle_made_anew_is_returned_and_not_written(self, connection: Connection) -> None:
        recompute(connection, store(connection, [trade(0, 1, price=10)]))
        assert upsert(connection, [bar(20)], 1, 5) == {BUCKET}
        assert closes(connection) == [(10, None, None)]

    def test_a_providers_bar_is_returned_to_be_made_anew(self, connection: Connection) -> None:
        provide(connection, [bar(10, ticks=0)])
        assert upsert(connection, [bar(20)], 1, 5) == {BUCKET}

    @given(st.lists(bars(), unique_by=lambda b: (b.time_us, b.instrument, b.source, b.side)))
    def test_every_number_is_stored_exactly(self, connection: Connection, rows: list[Bar]) -> None:
        empty(connection)
        assert upsert(connection, rows, 1, 5) == set()
        found = numbers(
            connection,
            "SELECT time, instrument_id, source_id, side::text, open::text, high::text, low::text,"
            " close::text, volume::text, ticks FROM market.candles ORDER BY 1, 2, 3, 4",
        )
        assert found == sorted(
            (
                *(datetime_of(row.time_us), row.instrument, row.source, chr(row.side)),
                *(text(Decimal(str(n))) for n in (row.open, row.high, row.low, row.close)),
                *(None if row.volume is None else text(Decimal(str(row.volume))), row.ticks),
            )
            for row in rows
        )

    def test_no_bars_are_no_rows(self, connection: Connection) -> None:
        assert upsert(connection, [], 1, 1) == set()


class TestInsert:
    def insert(self, connection: Connection, rows: list[Bar], offset: int) -> bool:
        batch = BarBatch.of(rows)
        make_room(connection, FEED, TickBatch.empty(), batch)
        with connection.transaction():
            return insert_candles(connection, FEED, batch, 1, offset)

    def test_new_ones_are_written_as_if_merged(self, connection: Connection) -> None:
        rows = [bar(10), bar(30, minute=1)]
        assert self.insert(connection, rows, 5)
        inserted = closes(connection)
        empty(connection)
        upsert(connection, rows, 1, 5)
        assert inserted == closes(connection) == [(10, 1, 5), (30, 1, 5)]

    def test_none_is_written_where_one_is_there(self, connection: Connection) -> None:
        upsert(connection, [bar(10)], 2, 5)
        assert not self.insert(connection, [bar(20), bar(30, minute=1)], 6)
        assert closes(connection) == [(10, 2, 5)]


class TestProviderBars:
    def test_are_kept_where_nothing_stands(self, connection: Connection) -> None:
        assert provide(connection, [bar(10, ticks=0), bar(11, minute=1, ticks=0)]) == 2
        assert closes(connection) == [(10, None, None), (11, None, None)]

    def test_never_override_a_candle_of_ticks(self, connection: Connection) -> None:
        upsert(connection, [bar(10)], 1, 5)
        recompute(connection, store(connection, [trade(BAR_US, 1, price=11)]))
        assert provide(connection, [bar(90, ticks=0), bar(91, minute=1, ticks=0)]) == 0
        assert closes(connection) == [(10, 1, 5), (11, None, None)]

    def test_correct_one_another_the_last_one_wins(self, connection: Connection) -> None:
        provide(connection, [bar(10, ticks=0)])
        assert provide(connection, [bar(20, ticks=0), bar(30, ticks=0, volume="2")]) == 1
        assert candle_texts(connection) == {
            (datetime_of(START_US), INSTRUMENT, "t"): ("1", "100", "1", "30", "2", 0)
        }

    def test_give_way_to_ticks_made_anew(self, connection: Connection) -> None:
        provide(connection, [bar(90, ticks=0)])
        recompute(connection, store(connection, [trade(0, 1, price=11)]))
        assert candle_texts(connection) == {
            (datetime_of(START_US), INSTRUMENT, "t"): ("11", "11", "11", "11", "1", 1)
        }


class TestRecompute:
    @given(st.lists(ticks(instruments=[1, 101], sources=[12, 42]), max_size=25))
    def test_equals_a_plain_fold_of_the_same_ticks_to_the_byte(
        self, connection: Connection, rows: list[Tick]
    ) -> None:
        empty(connection)
        unique = {(row.time_us, row.instrument, row.source, row.seq): row for row in rows}
        recompute(connection, store(connection, list(unique.values())))
        found = numbers(
            connection,
            "SELECT extract(epoch FROM time)::bigint * 1000000, instrument_id, source_id,"
            " ascii(side::text), open::text, high::text, low::text, close::text, volume::text, ticks"
            " FROM market.candles",
        )
        wanted = candles(unique.values())
        assert {row[:4]: row[4:] for row in found} == {
            key: (
                *(text(each) for each in (made.open, made.high, made.low, made.close)),
                *(text(made.volume), made.ticks),
            )
            for key, made in wanted.items()
        }

    @pytest.mark.parametrize("index", ["on", "off"])
    def test_open_and_close_are_by_time_and_then_sequence(
        self, connection: Connection, index: str
    ) -> None:
        for way in ("indexscan", "bitmapscan"):
            connection.execute(f"SET enable_{way} = {index}")
        moments = [(1, 9), (1, 8), (5, 1), (9, 3), (9, 4), (9, 2)]
        rows = [trade(us, seq, price=10 * us + seq) for us, seq in moments]
        recompute(connection, store(connection, rows))
        assert candle_texts(connection) == {
            (datetime_of(START_US), INSTRUMENT, "t"): ("18", "94", "18", "94", "6", 6)
        }

    def test_quotes_make_three_sides_without_volume(self, connection: Connection) -> None:
        recompute(connection, store(connection, [quote(0, 1, bid="1.10", ask="1.21")]))
        found = candle_texts(connection)
        assert {key[2]: row[3:] for key, row in found.items()} == {
            chr(MID): ("1.155", None, 1),
            chr(BID): ("1.1", None, 1),
            chr(ASK): ("1.21", None, 1),
        }

    def test_takes_ticks_of_its_own_minute_source_and_feed_alone(
        self, connection: Connection
    ) -> None:
        last = trade(BAR_US - 1, 1, price=7)
        store(connection, [trade(-1, 1), last, trade(BAR_US, 1), trade(0, 1, instrument=102)])
        other = Tick(START_US, INSTRUMENT, 42, QUOTE, bid=1, ask=2)
        store(connection, [other])
        store(connection, [trade(1, 1, price=99)], Feed.LIVE)
        recompute(connection, {BUCKET})
        assert candle_texts(connection) == {
            (datetime_of(START_US), INSTRUMENT, "t"): ("7", "7", "7", "7", "1", 1)
        }

    def test_a_volume_is_summed_down_to_the_eighteenth_decimal(
        self, connection: Connection
    ) -> None:
        sizes = ["0.000000000000000001", "123456789012345678", "1.9e-18", "9e-19"]
        rows = [trade(n, n, size=size) for n, size in enumerate(sizes)]
        recompute(connection, store(connection, rows))
        (found,) = candle_texts(connection).values()
        assert found[4] == "123456789012345678.000000000000000002"

    def test_a_volume_finer_than_that_is_none(self, connection: Connection) -> None:
        recompute(connection, store(connection, [trade(0, 1, size="9e-19")]))
        (found,) = candle_texts(connection).values()
        assert found[4] is None

    def test_a_candle_whose_ticks_have_ended_stays_as_it_is(self, connection: Connection) -> None:
        upsert(connection, [bar(5, ticks=600)], 1, 5)
        rows = [trade(BAR_US - 1, 1), trade(BAR_US, 2), trade(2 * BAR_US, 3)]
        late = store(connection, rows)
        provide(connection, [bar(7, minute=1, ticks=0)])
        note_ended_ticks(connection, FEED, datetime_of(START_US + 2 * BAR_US))
        note_ended_ticks(connection, Feed.LIVE, datetime_of(START_US + 9 * BAR_US))
        note_ended_ticks(connection, FEED, datetime_of(START_US))
        upsert(connection, [bar(8, minute=2)], 1, 5)
        recompute(connection, late)
        assert closes(connection) == [(5, 1, 5), (10, None, None), (10, None, None)]
        assert numbers(connection, "SELECT count(*) FROM market.ticks") == [(3,)]

    def test_a_minute_without_ticks_keeps_what_it_has(self, connection: Connection) -> None:
        provide(connection, [bar(10, ticks=0)])
        store(connection, [trade(BAR_US, 1)])
        recompute(connection, {BUCKET})
        assert closes(connection) == [(10, None, None)]


class TestBucketsHolding:
    @pytest.mark.parametrize(
        ("partition", "offset", "holds"), [(1, 4, True), (1, 5, True), (1, 6, False), (2, 5, False)]
    )
    def test_by_partition_and_offset(
        self, connection: Connection, partition: int, offset: int, holds: bool
    ) -> None:
        upsert(connection, [bar(10)], 1, 5)
        found = buckets_holding(connection, FEED, {BUCKET}, partition, offset)
        assert found == ({BUCKET} if holds else set())

    def test_all_sides_must_hold_it(self, connection: Connection) -> None:
        upsert(connection, [bar(10, side=MID), bar(10, side=BID)], 1, 5)
        upsert(connection, [bar(10, side=ASK)], 1, 4)
        assert buckets_holding(connection, FEED, {BUCKET}, 1, 5) == set()
        assert buckets_holding(connection, FEED, {BUCKET}, 1, 4) == {BUCKET}

    def test_a_candle_made_anew_and_a_missing_one_hold_nothing(
        self, connection: Connection
    ) -> None:
        recompute(connection, store(connection, [trade(0, 1)]))
        missing = Bucket(START_US + BAR_US, INSTRUMENT, SOURCE.id)
        assert buckets_holding(connection, FEED, {BUCKET, missing}, 1, 0) == set()
        assert buckets_holding(connection, FEED, set(), 1, 0) == set()

    def test_a_candle_of_another_feed_does_not_count(self, connection: Connection) -> None:
        upsert(connection, [bar(10)], 1, 5)
        assert buckets_holding(connection, Feed.LIVE, {BUCKET}, 1, 5) == set()


class TestCoveredUntil:
    def cover(
        self, connection: Connection, instrument: int, start: float, end: float, step: int = 1
    ) -> list[int]:
        """Bars from so many hours ago until so many hours ago, every `step` minutes; their times."""
        now = system_clock() // BAR_US * BAR_US
        ago = range(round(start * HOUR_US), round(end * HOUR_US) - 1, -step * BAR_US)
        times = [now - each for each in ago]
        provide(connection, [Bar(at, instrument, SOURCE.id, LAST, 1, 1, 1, 1) for at in times])
        return times

    def test_an_unbroken_day_is_covered_until_its_newest_candle(
        self, database_url: str, connection: Connection
    ) -> None:
        times = self.cover(connection, 101, 24, 2)
        assert covered_until(database_url, FEED) == {101: times[-1]}

    def test_candles_that_do_not_reach_back_a_day_cover_nothing(
        self, database_url: str, connection: Connection
    ) -> None:
        self.cover(connection, 102, 22, 0)
        self.cover(connection, 103, 30, 26)
        assert covered_until(database_url, FEED) == {}

    def test_the_first_hole_of_the_day_ends_what_is_covered(
        self, database_url: str, connection: Connection
    ) -> None:
        times = self.cover(connection, 101, 24, 9)
        self.cover(connection, 101, 8, 5)
        self.cover(connection, 101, 4, 0)
        assert covered_until(database_url, FEED) == {101: times[-1]}

    def test_a_quarter_of_an_hour_without_a_candle_is_no_hole(
        self, database_url: str, connection: Connection
    ) -> None:
        times = self.cover(connection, 101, 24, 0, step=15)
        holed = self.cover(connection, 102, 24, 0, step=16)
        assert covered_until(database_url, FEED) == {101: times[-1], 102: holed[3]}

    def test_what_was_missing_a_day_ago_is_no_hole_of_this_day(
        self, database_url: str, connection: Connection
    ) -> None:
        self.cover(connection, 101, 24.9, 24.5)
        times = self.cover(connection, 101, 23.5, 1)
        assert covered_until(database_url, FEED) == {101: times[-1]}

    def test_several_sides_of_a_minute_are_one_candle(
        self, database_url: str, connection: Connection
    ) -> None:
        times = self.cover(connection, 101, 24, 0)
        provide(connection, [Bar(at, 101, SOURCE.id, MID, 1, 1, 1, 1) for at in times[::20]])
        assert covered_until(database_url, FEED) == {101: times[-1]}

    def test_candles_of_another_feed_cover_nothing(
        self, database_url: str, connection: Connection
    ) -> None:
        self.cover(connection, 101, 24, 2)
        assert covered_until(database_url, Feed.LIVE) == {}
