"""Outcomes: whatever is repeated, disordered, grouped and redelivered, books and candles come out right."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.bars import BAR_US, LAST, Bar, BarBatch
from market.clock import datetime_of
from market.log import LogRecord
from market.shards import Shard
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from storage.books import Quarantined, Totals, done_offsets, totals
from storage.candles import Bucket
from storage.errors import DatabaseUnavailableError, SecondWriterError
from storage.outcomes import Outcome, OutcomeWriter, newest_of_each
from tests.pipelines.logs import record
from tests.reference.candles import candles
from tests.storage.driving import CONSUMER, Driver
from tests.storage.making import (
    INSTRUMENT,
    SOURCE,
    START_US,
    candle_texts,
    empty,
    numbers,
    text,
    trade,
)

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
PARTITIONS = ["binance-0", "binance-backfill"]
Key = tuple[int, int, int, int]


def keyed_tick(minute: int, within: int, seq: int, instrument: int, kind: int) -> Tick:
    """A tick whose numbers follow from its key.

    For which of two partitions is committed first, and so is kept, is not said anywhere.
    """
    time_us = START_US + minute * BAR_US + within
    price, other = 1 + (minute + 2 * within + 4 * seq) % 9, 1 + (5 * within + seq + instrument) % 9
    if kind == QUOTE:
        bid, ask = f"{price}.5", f"{other}.25"  # some are crossed
        return Tick(time_us, instrument, SOURCE.id, QUOTE, seq, bid=bid, ask=ask)
    return Tick(time_us, instrument, SOURCE.id, TRADE, seq, price=str(price), size=f"0.{other}")


@st.composite
def disordered_ticks(draw: st.DrawFn) -> list[Tick]:
    """Ticks of few instants, most of them in order of time, with repeats and latecomers."""
    one = st.builds(
        keyed_tick,
        minute=st.integers(0, 2),
        within=st.sampled_from([0, 1, 59_999_999]),
        seq=st.integers(0, 2),
        instrument=st.sampled_from(draw(st.sampled_from([[101], [101, 102]]))),
        kind=st.sampled_from(draw(st.sampled_from([[TRADE], [QUOTE], [TRADE, QUOTE]]))),
    )
    ticks = sorted(
        draw(st.lists(one, min_size=draw(st.sampled_from([0, 12])), max_size=24)),
        key=lambda tick: (tick.time_us, tick.seq),
    )
    places = st.tuples(st.integers(0, 23), st.integers(1, 5), st.booleans())
    for which, later, is_repeat in draw(st.lists(places, max_size=8)):
        if which < len(ticks):
            ticks.insert(which + later, ticks[which] if is_repeat else ticks.pop(which))
    return ticks


@st.composite
def logs(draw: st.DrawFn) -> list[LogRecord]:
    """Records of one or two partitions in the order in which a flow reads them."""
    ticks = draw(disordered_ticks())
    partitions = PARTITIONS[: draw(st.integers(1, 2))]
    ends: Counter[str] = Counter()
    log = []
    while ticks:
        count, partition = draw(st.integers(0, 6)), draw(st.sampled_from(partitions))
        log.append(record(ends[partition], ticks[:count], partition))
        ends[partition] += 1
        ticks = ticks[count:]
    return log


def ticks_of(log: Sequence[LogRecord]) -> list[Tick]:
    return [tick for item in log for tick in TickBatch.from_bytes(item.payload).rows()]


def is_crossed(tick: Tick) -> bool:
    return tick.kind == QUOTE and Decimal(str(tick.bid)) > Decimal(str(tick.ask))


def assert_books_balance(connection: Connection, database_url: str, log: list[LogRecord]) -> None:
    """Every tick of the log is stored, quarantined or counted as a duplicate, each exactly once."""
    ticks = ticks_of(log)
    good = {(t.time_us, t.instrument, t.kind, t.seq) for t in ticks if not is_crossed(t)}
    crossed = sum(map(is_crossed, ticks))
    assert totals(database_url, PARTITIONS) == Totals(
        len(good), crossed, len(ticks) - crossed - len(good), 0
    )
    assert numbers(connection, "SELECT count(*) FROM market.ticks") == [(len(good),)]
    assert numbers(connection, "SELECT count(*) FROM market.quarantine") == [(crossed,)]
    assert numbers(connection, "SELECT count(*) FROM market.inbox_done") == [(len(log),)]


def assert_candles_are_those_of_the_sorted_ticks(
    connection: Connection, log: list[LogRecord]
) -> None:
    wanted = candles(tick for tick in ticks_of(log) if not is_crossed(tick))
    assert candle_texts(connection) == {
        (datetime_of(time_us), instrument, chr(side)): (
            *(text(each) for each in (made.open, made.high, made.low, made.close)),
            *(text(made.volume), made.ticks),
        )
        for (time_us, instrument, _, side), made in wanted.items()
    }


def clear(connection: Connection) -> None:
    empty(connection)
    connection.execute(
        "TRUNCATE market.quarantine, market.inbox_done,"
        " market.inbox_consumers, market.inbox_partitions CASCADE"
    )


class TestAnyLog:
    @settings(max_examples=30)
    @given(logs(), st.data())
    def test_in_any_grouping_and_fed_again_after_any_crash(
        self,
        database_url: str,
        connection: Connection,
        log: list[LogRecord],
        data: st.DataObject,
    ) -> None:
        clear(connection)
        with Driver(database_url, log) as driver:
            snapshots = [driver.snapshot()]
            for count in data.draw(st.lists(st.integers(1, 4), max_size=6)):
                driver.step(count)
                snapshots.append(driver.snapshot())
                if data.draw(st.booleans()):
                    driver.crash(data.draw(st.sampled_from(snapshots)))
            driver.step(len(log))
        assert_books_balance(connection, database_url, log)
        assert_candles_are_those_of_the_sorted_ticks(connection, log)

    @settings(max_examples=30)
    @given(logs(), st.data())
    def test_though_the_snapshots_are_lost(
        self,
        database_url: str,
        connection: Connection,
        log: list[LogRecord],
        data: st.DataObject,
    ) -> None:
        clear(connection)
        with Driver(database_url, log) as driver:
            for count in data.draw(st.lists(st.integers(1, 4), max_size=6)):
                driver.step(count)
                driver.crash_without_snapshots()
            driver.step(len(log))
        assert_books_balance(connection, database_url, log)
        assert_candles_are_those_of_the_sorted_ticks(connection, log)

    @pytest.mark.parametrize("last", [(1, 0), (1, 1)], ids=["late within its minute", "a repeat"])
    def test_a_tick_for_a_candle_that_has_begun(
        self, database_url: str, connection: Connection, last: tuple[int, int]
    ) -> None:
        keys = [(0, 0), (1, 1), (1, 2), last]
        ticks = [keyed_tick(minute, 5, seq, INSTRUMENT, TRADE) for minute, seq in keys]
        log = [record(offset, [tick]) for offset, tick in enumerate(ticks)]
        with Driver(database_url, log) as driver:
            for _ in log:
                driver.step(1)
        assert_books_balance(connection, database_url, log)
        assert_candles_are_those_of_the_sorted_ticks(connection, log)

    def test_though_a_minute_seems_new_to_a_state_that_has_missed_its_beginning(
        self, database_url: str, connection: Connection
    ) -> None:
        ticks = [[trade(0, 1), trade(2 * BAR_US, 3)], [trade(BAR_US, 2)], [trade(2 * BAR_US, 4)]]
        log = [record(offset, rows) for offset, rows in enumerate(ticks)]
        with Driver(database_url, log) as driver:
            driver.step(1)
            driver.crash_without_snapshots()
            driver.step(2)
        assert_candles_are_those_of_the_sorted_ticks(connection, log)


def outcome(offset: int, ticks: Sequence[Tick] = (), **changes: Any) -> Outcome:
    """What came of a record whose ticks make no candles."""
    parts: dict[str, Any] = {
        "partition": "binance-0",
        "offset": offset,
        "source": SOURCE,
        "ticks": TickBatch.of(ticks),
        "all_new": True,
        "duplicates": 0,
        "quarantined": [],
        "candles": BarBatch.empty(),
        "stale_buckets": frozenset[Bucket](),
        "provider_bars": BarBatch.empty(),
    }
    return Outcome(**{**parts, **changes})


def bar(close: int, minute: int = 0, ticks: int = 1) -> Bar:
    return Bar(START_US + minute * BAR_US, INSTRUMENT, SOURCE.id, LAST, 1, 99, 1, close, 1, ticks)


@pytest.fixture
def writer(database_url: str) -> Any:
    """The writer of the consumer."""
    writer = OutcomeWriter(database_url, CONSUMER)
    yield writer
    writer.close()


class TestCommit:
    def test_everything_of_a_record_stands_together(
        self, writer: OutcomeWriter, database_url: str, connection: Connection
    ) -> None:
        item = outcome(
            3,
            [trade(0, 1), trade(1, 2)],
            duplicates=2,
            quarantined=[Quarantined(0, "crossed", "x", START_US, INSTRUMENT)],
            candles=BarBatch.of([bar(5)]),
            provider_bars=BarBatch.of([bar(7, minute=-1, ticks=0)]),
        )
        writer.commit([item])
        assert totals(database_url, ["binance-0"]) == Totals(2, 1, 2, 1)
        assert done_offsets(connection, CONSUMER) == {"binance-0": 3} == writer.done
        closes = numbers(
            connection, "SELECT close, ticks, log_offset FROM market.candles ORDER BY time"
        )
        assert closes == [(7, 0, None), (5, 1, 3)]

    def test_what_was_committed_is_skipped(self, writer: OutcomeWriter, database_url: str) -> None:
        writer.commit([outcome(n, [trade(n, n)]) for n in range(3)])
        writer.commit([outcome(n, [trade(n, n)]) for n in range(1, 5)])
        assert totals(database_url, ["binance-0"]) == Totals(5, 0, 0, 0)
        writer.close()
        again = OutcomeWriter(database_url, CONSUMER)
        again.commit([outcome(n, [trade(n, n)]) for n in range(6)])
        again.close()
        assert totals(database_url, ["binance-0"]) == Totals(6, 0, 0, 0)

    def test_partitions_are_counted_apart(self, writer: OutcomeWriter, database_url: str) -> None:
        writer.commit([outcome(0, [trade(0, 1)]), outcome(0, [trade(0, 1)], partition="binance-1")])
        writer.commit([outcome(1, [], partition="binance-1")])
        assert totals(database_url, ["binance-0"]) == Totals(1, 0, 0, 0)
        assert totals(database_url, ["binance-1"]) == Totals(0, 0, 1, 0)
        assert writer.done == {"binance-0": 0, "binance-1": 1}

    @pytest.mark.parametrize("all_new", [True, False])
    def test_a_repeat_is_counted_at_the_record_that_repeats(
        self, writer: OutcomeWriter, connection: Connection, all_new: bool
    ) -> None:
        rows = [[trade(0, 1), trade(0, 2)], [trade(0, 2), trade(0, 3)], [trade(0, 4)]]
        writer.commit([outcome(n, ticks, all_new=all_new) for n, ticks in enumerate(rows)])
        found = numbers(
            connection, "SELECT ticks, duplicates FROM market.inbox_done ORDER BY log_offset"
        )
        assert found == [(2, 0), (1, 1), (1, 0)]

    def test_nothing_is_committed_of_a_group_of_which_one_fails(
        self, writer: OutcomeWriter, connection: Connection
    ) -> None:
        bad = BarBatch.of([bar(5)])
        bad.prices[:] = 0  # no price: the table refuses it
        with pytest.raises(psycopg.errors.NotNullViolation):
            writer.commit([outcome(0, [trade(0, 1)]), outcome(1, [trade(1, 2)], candles=bad)])
        for table in ("ticks", "candles", "inbox_done", "inbox_consumers"):
            assert numbers(connection, f"SELECT count(*) FROM market.{table}") == [(0,)]
        assert writer.done == {}
        writer.commit([outcome(0, [trade(0, 1)])])
        assert numbers(connection, "SELECT count(*) FROM market.ticks") == [(1,)]

    @pytest.mark.plain_only("it has partitions")
    @pytest.mark.parametrize("dropped", ["ticks_simulated_20231114", "candles_simulated_202311"])
    def test_goes_on_where_the_upkeep_has_dropped_a_partition(
        self, writer: OutcomeWriter, connection: Connection, dropped: str
    ) -> None:
        writer.commit([outcome(0, [trade(0, 1)], candles=BarBatch.of([bar(5)]))])
        connection.execute(f"DROP TABLE market.{dropped}")
        writer.commit([outcome(1, [trade(1, 2)], candles=BarBatch.of([bar(6)]))])
        assert numbers(connection, "SELECT ticks FROM market.inbox_done") == [(1,), (1,)]
        assert numbers(connection, "SELECT max(seq) FROM market.ticks") == [(2,)]
        assert numbers(connection, "SELECT close FROM market.candles") == [(6,)]

    def test_nothing_is_no_transaction(self, writer: OutcomeWriter, connection: Connection) -> None:
        writer.commit([])
        writer.commit([outcome(0)])
        assert numbers(connection, "SELECT ticks FROM market.inbox_done") == [(0,)]


@pytest.mark.plain_only("needs locks between sessions")
class TestWriter:
    def test_a_second_one_of_a_consumer_is_refused(
        self, writer: OutcomeWriter, database_url: str
    ) -> None:
        with pytest.raises(SecondWriterError, match="consumer store-simulated already has"):
            OutcomeWriter(database_url, CONSUMER)
        OutcomeWriter(database_url, "store-live").close()
        writer.close()
        OutcomeWriter(database_url, CONSUMER).close()

    def test_shards_of_one_number_write_side_by_side_and_overlapping_ones_do_not(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = OutcomeWriter(database_url, CONSUMER, Shard(1, 2))
        other = OutcomeWriter(database_url, CONSUMER, Shard(2, 2))
        with monkeypatch.context() as impatient:
            impatient.setattr("storage.outcomes.LOCK_WAIT_S", 0.01)
            for shard in (Shard(1, 2), Shard(2, 3), Shard(3, 4)):
                with pytest.raises(SecondWriterError, match=f"shard {shard} of consumer"):
                    OutcomeWriter(database_url, CONSUMER, shard)
            with pytest.raises(SecondWriterError, match=f"^consumer {CONSUMER} already"):
                OutcomeWriter(database_url, CONSUMER)
        other.close()
        OutcomeWriter(database_url, CONSUMER, Shard(4, 4)).close()
        one.close()
        OutcomeWriter(database_url, CONSUMER).close()

    def test_a_killed_one_gives_the_consumer_free(
        self, writer: OutcomeWriter, database_url: str, connection: Connection
    ) -> None:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        OutcomeWriter(database_url, CONSUMER).close()
        with pytest.raises(DatabaseUnavailableError, match="terminating connection"):
            writer.commit([outcome(0, [trade(0, 1)])])


def test_a_weight_is_about_the_rows_that_are_written() -> None:
    assert outcome(0).weight == 1
    heavy = outcome(
        0,
        [trade(0, 1), trade(0, 2)],
        candles=BarBatch.of([bar(5)]),
        provider_bars=BarBatch.of([bar(6), bar(7, minute=1)]),
        quarantined=[Quarantined(0, "x", "y")],
        stale_buckets=frozenset([Bucket(START_US, INSTRUMENT, SOURCE.id)]),
    )
    assert heavy.weight == 8


class TestReadAgain:
    def test_every_tick_is_a_duplicate_and_the_candles_stay(
        self, writer: OutcomeWriter, database_url: str, connection: Connection
    ) -> None:
        items = [
            outcome(n, [trade(n, n)], candles=BarBatch.of([bar(5 + n, ticks=n + 1)]))
            for n in range(3)
        ]
        other = outcome(0, [trade(9, 9)], partition="binance-1")
        writer.commit([*items, other])
        before = candle_texts(connection)
        writer.read_again(["binance-0"])
        assert writer.done == {"binance-1": 0} == done_offsets(connection, CONSUMER)
        for item in items:
            writer.commit([item])
        assert totals(database_url, ["binance-0"]) == Totals(0, 0, 3, 0)
        assert totals(database_url, ["binance-1"]) == Totals(1, 0, 0, 0)
        assert candle_texts(connection) == before


class TestNewestOfEach:
    def test_is_the_last_state_of_every_bar(self) -> None:
        batches = [[bar(1), bar(2, minute=1)], [bar(3, minute=1)], [], [bar(4, minute=2), bar(5)]]
        kept = newest_of_each([BarBatch.of(batch) for batch in batches])
        assert {(row.time_us - START_US) // BAR_US: row.close for row in kept.rows()} == {
            0: 5,
            1: 3,
            2: 4,
        }

    def test_of_none_is_none(self) -> None:
        assert len(newest_of_each([])) == len(newest_of_each([BarBatch.empty()])) == 0

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=12))
    def test_equals_a_dictionary(self, states: list[tuple[int, int]]) -> None:
        kept = newest_of_each([BarBatch.of([bar(close, minute)]) for minute, close in states])
        found = {(row.time_us - START_US) // BAR_US: row.close for row in kept.rows()}
        assert found == dict(states)
        assert len(np.unique(kept.time)) == len(kept)
