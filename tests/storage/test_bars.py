"""Bars of providers: to the digit, the last word counts, and other keys stay apart."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import DAY_S, MID, Bar, BarBatch
from market.clock import datetime_of
from market.sources import Feed
from storage.bars import upsert_bars
from storage.outcomes import OutcomeWriter
from tests.market.strategies import bars
from tests.storage.making import INSTRUMENT, SOURCE, START_US, numbers, text
from tests.storage.test_outcomes import outcome

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
ALL = (
    "SELECT time, instrument_id, source_id, side::text, feed::text, interval_s, open::text,"
    " high::text, low::text, close::text, volume::text FROM market.bars ORDER BY 1, 2, 3, 4, 6"
)


def day(close: int, days: int = 0, interval_s: int = DAY_S) -> Bar:
    """A daily bar, so many days before the start."""
    time_us = START_US - days * DAY_S * 1_000_000
    return Bar(time_us, INSTRUMENT, SOURCE.id, MID, 1, 99, 1, close, interval_s=interval_s)


def upsert(connection: Connection, rows: list[Bar]) -> int:
    with connection.transaction():
        return upsert_bars(connection, Feed.SIMULATED, BarBatch.of(rows))


@given(
    st.lists(bars(), unique_by=lambda b: (b.time_us, b.instrument, b.source, b.side)),
    st.sampled_from([300, 3_600, DAY_S]),
)
def test_every_number_is_stored_exactly(
    connection: Connection, rows: list[Bar], interval_s: int
) -> None:
    connection.execute("TRUNCATE market.bars")
    batch = BarBatch.of(rows)
    batch.interval_s[:] = interval_s
    with connection.transaction():
        assert upsert_bars(connection, Feed.SIMULATED, batch) == len(rows)
    assert numbers(connection, ALL) == sorted(
        (
            *(datetime_of(row.time_us), row.instrument, row.source, chr(row.side), "s"),
            *(
                interval_s,
                *(text(Decimal(str(n))) for n in (row.open, row.high, row.low, row.close)),
            ),
            None if row.volume is None else text(Decimal(str(row.volume))),
        )
        for row in rows
    )


def test_the_last_word_on_a_bar_counts_within_a_batch_and_later(connection: Connection) -> None:
    assert upsert(connection, [day(5), day(6), day(7, days=1)]) == 2
    assert upsert(connection, [day(8)]) == 1
    assert upsert(connection, [day(8)]) == 0
    closes = "SELECT close FROM market.bars ORDER BY time"
    assert numbers(connection, closes) == [(7,), (8,)]


def test_intervals_are_kept_apart(connection: Connection) -> None:
    upsert(connection, [day(5), day(6, interval_s=300)])
    assert numbers(connection, "SELECT interval_s, close FROM market.bars ORDER BY 1") == [
        (300, 6),
        (DAY_S, 5),
    ]


def test_of_a_record_those_of_a_minute_are_candles_and_all_are_counted(
    database_url: str, connection: Connection
) -> None:
    old = day(5, days=9_000)
    item = outcome(0, provider_bars=BarBatch.of([old, day(7, interval_s=60)]))
    writer = OutcomeWriter(database_url, "store-simulated")
    writer.commit([item])
    writer.close()
    assert numbers(connection, "SELECT close FROM market.candles") == [(7,)]
    assert numbers(connection, "SELECT time, close FROM market.bars") == [
        (datetime_of(old.time_us), 5)
    ]
    assert numbers(connection, "SELECT bars FROM market.inbox_done") == [(2,)]
    months = (
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'market.candles_simulated'::regclass"
    )
    assert numbers(connection, months) == [(1,)]
    assert datetime_of(old.time_us) < datetime(2000, 1, 1, tzinfo=UTC)
