"""Rollups: at every instant those that may be read are the fold of their minutes, whatever is killed."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import BAR_US
from market.clock import microseconds
from market.log import LogRecord
from market.sources import Feed
from market.ticks import QUOTE, TRADE, Tick
from storage import rollups as module
from storage.errors import DatabaseUnavailableError
from storage.rollup_marks import forget, set_until
from storage.rollups import SETTLED, Refreshed, drop_rollups_before, refresh
from tests.pipelines.logs import record
from tests.reference.rollups import rollups
from tests.storage.driving import Driver
from tests.storage.making import INSTRUMENT, SOURCE, numbers
from tests.storage.rolling import (
    DAY,
    FEED,
    HOUR,
    MIDNIGHT,
    Minutes,
    assert_what_may_be_read_is_right,
    at,
    clear,
    minute_bar,
    stored_minutes,
    stored_rollups,
)

Connection = psycopg.Connection[Any]

pytestmark = pytest.mark.both_backends
MINUTES = [0, 1, 59, 60, 119, 23 * 60, 24 * 60 - 1, 24 * 60, 25 * 60, 96 * 60, 96 * 60 + 1]
"""On both sides of the ends of hours and days, and behind an empty day or two."""
ENDED = [0, 60, 61, 120, 24 * 60, 24 * 60 + 60, 96 * 60, 97 * 60, 120 * 60]


def refresh_at(database_url: str, minute: int, pieces: int = 50) -> Refreshed:
    """Refresh when the hours that end by that minute have settled."""
    return refresh(database_url, FEED, pieces=pieces, now=at(minute) + SETTLED)


@pytest.fixture
def minutes(database_url: str) -> Iterator[Minutes]:
    """Writes minutes."""
    writer = Minutes(database_url)
    yield writer
    writer.close()


def tick_at(minute: int, seq: int, kind: int, price: int) -> Tick:
    time_us = microseconds(MIDNIGHT) + minute * BAR_US + seq
    if kind == QUOTE:
        return Tick(time_us, 102, SOURCE.id, QUOTE, seq, bid=f"{price}.25", ask=f"{price}.75")
    return Tick(time_us, INSTRUMENT, SOURCE.id, TRADE, seq, price=str(price), size=f"0.{price}")


@st.composite
def logs(draw: st.DrawFn) -> list[LogRecord]:
    """Records of a few ticks each, mostly in order, with latecomers and repeats."""
    one = st.builds(
        tick_at,
        minute=st.sampled_from(MINUTES),
        seq=st.integers(0, 2),
        kind=st.sampled_from([TRADE, QUOTE]),
        price=st.integers(1, 9),
    )
    ticks = sorted(draw(st.lists(one, max_size=16)), key=lambda tick: tick.time_us)
    for late in draw(st.lists(one, max_size=4)):
        ticks.insert(draw(st.integers(0, len(ticks))), late)
    sizes = draw(st.lists(st.integers(1, 4), min_size=len(ticks), max_size=len(ticks)))
    log: list[LogRecord] = []
    while ticks:
        count = sizes.pop()
        log.append(record(len(log), ticks[:count]))
        ticks = ticks[count:]
    return log


STEPS = st.one_of(
    st.tuples(st.just("ticks"), st.integers(1, 3)),
    st.tuples(
        st.just("bars"),
        st.lists(st.sampled_from(MINUTES), min_size=1, max_size=4),
        st.integers(1, 9),
    ),
    st.tuples(st.just("refresh"), st.sampled_from(ENDED), st.sampled_from([1, 2, 50])),
    st.tuples(st.just("killed"), st.sampled_from(ENDED), st.sampled_from(["forget", "set_until"])),
    st.tuples(
        st.just("crash"),
    ),
)


class _KilledError(Exception):
    """The refresher has died here."""


def killed(*_: object) -> None:
    raise _KilledError


@given(logs(), st.lists(STEPS, max_size=14))
def test_any_mixture_of_writes_refreshes_and_kills(
    database_url: str,
    connection: Connection,
    log: list[LogRecord],
    steps: list[tuple[Any, ...]],
) -> None:
    clear(connection)
    with Driver(database_url, log) as driver, closing(Minutes(database_url)) as bars:
        for step in [*steps, ("ticks", len(log))]:
            match step:
                case ("ticks", count):
                    driver.step(count)
                case ("bars", at_minutes, price):
                    bars.write([minute_bar(minute, price) for minute in at_minutes])
                case ("refresh", minute, pieces):
                    refresh_at(database_url, minute, pieces)
                case ("killed", minute, place):
                    with pytest.MonkeyPatch.context() as patch:
                        patch.setattr(module, place, killed)
                        with suppress(_KilledError):
                            refresh_at(database_url, minute)
                case _:
                    driver.crash_without_snapshots()
            assert_what_may_be_read_is_right(connection)
    while refresh_at(database_url, 200 * 60, 3).more:
        assert_what_may_be_read_is_right(connection)
    assert numbers(connection, "SELECT count(*) FROM market.touched_hours") == [(0,)]
    for width in (HOUR, DAY):
        assert stored_rollups(connection, width) == rollups(stored_minutes(connection), width)


class TestRefresh:
    def test_of_nothing_marks_what_has_ended(
        self, database_url: str, connection: Connection
    ) -> None:
        assert refresh_at(database_url, 59).until == MIDNIGHT
        assert refresh(database_url, FEED, now=at(64)).until == MIDNIGHT
        assert refresh(database_url, FEED, now=at(65)).until == at(60)
        assert numbers(connection, "SELECT count(*) FROM market.candles_1h") == [(0,)]

    def test_goes_by_the_time_of_the_database(
        self, database_url: str, connection: Connection
    ) -> None:
        until = refresh(database_url, FEED).until
        settled = "date_trunc('hour', now() - interval '5 minutes')"
        assert numbers(connection, f"SELECT {settled}") == [(until,)]

    def test_the_mark_goes_back_never(self, database_url: str) -> None:
        assert refresh_at(database_url, 120).until == at(120)
        assert refresh_at(database_url, 60).until == at(120)

    def test_an_hour_and_its_day_are_the_fold_of_their_minutes(
        self, database_url: str, connection: Connection, minutes: Minutes
    ) -> None:
        minutes.write([minute_bar(3, 5), minute_bar(59, 2), minute_bar(7, 8), minute_bar(60, 4)])
        assert refresh_at(database_url, 24 * 60).rolled_up == 24
        found = numbers(
            connection,
            "SELECT time, open, high, low, close, volume::text, ticks, minutes, tick_minutes"
            " FROM market.candles_1h ORDER BY time",
        )
        assert found == [
            (at(0), 5, 9, 1, 2, "1", 0, 3, 0),
            (at(60), 4, 5, 1, 4, "0.4", 0, 1, 0),
        ]
        found = numbers(
            connection,
            "SELECT time, open, high, low, close, volume::text, ticks, minutes, tick_minutes"
            " FROM market.candles_1d",
        )
        assert found == [(at(0), 5, 9, 1, 4, "1.4", 0, 4, 0)]

    @pytest.mark.plain_only("where nothing tells which version of a row one sees")
    def test_only_what_was_touched_is_made_anew(
        self, database_url: str, connection: Connection, minutes: Minutes
    ) -> None:
        hours = range(0, 72 * 60, 60)
        minutes.write([minute_bar(minute, 5, other) for minute in hours for other in (101, 102)])
        refresh_at(database_url, 72 * 60)
        before = versions(connection)
        minutes.write([minute_bar(61, 7, 101), minute_bar(73 * 60, 7, 102)])
        refreshed = refresh_at(database_url, 72 * 60)
        keys = [(item.hour, item.instrument_id, item.source_id) for item in refreshed.touched]
        assert keys == [(at(60), 101, SOURCE.id)]
        assert changed(before, versions(connection)) == {
            ("1h", at(60), 101),
            ("1d", at(0), 101),
        }
        assert_what_may_be_read_is_right(connection)

    def test_what_is_written_while_it_refreshes_stays_noted(
        self,
        database_url: str,
        connection: Connection,
        minutes: Minutes,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        refresh_at(database_url, 60)
        minutes.write([minute_bar(1, 5)])

        def write_and_forget(*arguments: Any) -> None:
            minutes.write([minute_bar(2, 6)])
            forget(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(module, "forget", write_and_forget)
            refresh_at(database_url, 60)
        assert numbers(connection, "SELECT hour FROM market.touched_hours") == [(at(0),)]
        assert len(refresh_at(database_url, 60).touched) == 1
        assert refresh_at(database_url, 60).touched == ()
        assert numbers(connection, "SELECT minutes FROM market.candles_1h") == [(2,)]

    def test_what_is_written_to_hours_that_wait_to_be_rolled_up_is_done_in_the_same_call(
        self,
        database_url: str,
        connection: Connection,
        minutes: Minutes,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with monkeypatch.context() as patch, suppress(_KilledError):
            patch.setattr(module, "set_until", killed)
            refresh_at(database_url, 60)
        minutes.write([minute_bar(1, 5)])
        assert refresh_at(database_url, 60).more is False
        assert numbers(connection, "SELECT count(*) FROM market.touched_hours") == [(0,)]

    def test_years_are_rolled_up_in_pieces_with_their_progress_kept(
        self, database_url: str, connection: Connection, minutes: Minutes
    ) -> None:
        days = range(0, 800 * 24 * 60, 40 * 24 * 60)
        minutes.write([minute_bar(minute) for minute in days])
        ended = 801 * 24 * 60
        calls = 1
        while refresh_at(database_url, ended, pieces=2).more:
            calls += 1
            assert_what_may_be_read_is_right(connection)
        assert calls >= len(days) // 2
        assert len(stored_rollups(connection, DAY)) == len(stored_rollups(connection, HOUR)) == 20
        assert refresh_at(database_url, ended) == Refreshed(at(ended))

    @pytest.mark.plain_only("the sessions of its gateway are one to the server")
    def test_one_works_and_others_return_at_once(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        others: list[Refreshed] = []

        def meanwhile(*arguments: Any) -> None:
            others.append(refresh_at(database_url, 120))
            set_until(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(module, "set_until", meanwhile)
            assert refresh_at(database_url, 60) == Refreshed(at(60))
        assert others == [Refreshed(None, busy=True)]
        assert refresh_at(database_url, 120).until == at(120)

    def test_a_database_that_is_not_there(self) -> None:
        with pytest.raises(DatabaseUnavailableError):
            refresh("postgresql://nobody@127.0.0.1:1/none", FEED)


def versions(connection: Connection) -> dict[tuple[Any, ...], Any]:
    """Which version of each rollup's row is the one that is seen."""
    found: dict[tuple[Any, ...], Any] = {}
    for level in ("1h", "1d"):
        rows = numbers(
            connection,
            f"SELECT time, instrument_id, ctid::text FROM market.candles_{level}_simulated",
        )
        found |= {(level, time, instrument): ctid for time, instrument, ctid in rows}
    return found


def changed(before: dict[Any, Any], after: dict[Any, Any]) -> set[Any]:
    return {key for key, version in after.items() if before.get(key) != version}


@pytest.mark.plain_only("its gateway has one transaction at a time")
def test_writers_and_a_refresher_side_by_side(database_url: str, connection: Connection) -> None:
    ended, failures = threading.Event(), list[BaseException]()

    def write(consumer: str, source: int) -> None:
        minutes = Minutes(database_url, consumer)
        try:
            for number in range(150):
                # Around the mark that moves, and below it.
                times = [number * 3 + 2 * ahead for ahead in range(4)] + [(number * 37) % 400]
                minutes.write(
                    [minute_bar(time, 1 + number % 9, source=source) for time in sorted(set(times))]
                )
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            minutes.close()

    def roll_up() -> None:
        minute = 0
        try:
            while not ended.is_set():
                refresh_at(database_url, minute := minute + 7)
        except BaseException as error:
            failures.append(error)
            raise

    writers = [
        threading.Thread(target=write, args=(f"store-{source}", source))
        for source in (SOURCE.id, SOURCE.id + 10)
    ]
    refresher = threading.Thread(target=roll_up)
    for thread in (*writers, refresher):
        thread.start()
    checked = 0
    while any(writer.is_alive() for writer in writers):
        checked += assert_what_may_be_read_is_right(connection)
    ended.set()
    for thread in (*writers, refresher):
        thread.join()
    assert not failures and checked > 0
    refresh_at(database_url, 10_000)
    for width in (HOUR, DAY):
        assert stored_rollups(connection, width) == rollups(stored_minutes(connection), width)


class TestDrop:
    def test_drops_what_is_older_of_one_feed_with_its_notes(
        self, database_url: str, connection: Connection, minutes: Minutes
    ) -> None:
        days = [0, 100, 200]
        minutes.write([minute_bar(day * 24 * 60) for day in days])
        refresh_at(database_url, 201 * 24 * 60)
        minutes.write([minute_bar(day * 24 * 60 + 1) for day in days])
        drop_rollups_before(connection, Feed.LIVE, (MIDNIGHT + 300 * DAY).date())
        assert len(stored_rollups(connection, DAY)) == 3
        drop_rollups_before(connection, FEED, (MIDNIGHT + 100 * DAY).date())
        left = [MIDNIGHT + 100 * DAY, MIDNIGHT + 200 * DAY]
        for width in (HOUR, DAY):
            assert [key[0] for key in sorted(stored_rollups(connection, width))] == left
        found = numbers(connection, "SELECT hour FROM market.touched_hours ORDER BY hour")
        assert [hour for (hour,) in found] == left
