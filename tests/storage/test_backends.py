"""Both backends have the same relations and the same functions."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market.sources import Feed
from storage.backends import (
    Backend,
    backend_of,
    candles_table,
    open_for_writing,
    ticks_table,
)
from tests.storage.making import numbers

Connection = psycopg.Connection[Any]

COLUMNS = """
    SELECT attname, atttypid::regtype::text FROM pg_attribute
    WHERE attrelid = to_regclass('market.{}') AND attnum > 0 ORDER BY attnum
"""
WIDTHS = (
    *("1 second", "90 seconds", "7 minutes", "1 hour", "5 hours", "1 day", "3 days", "1 week"),
    *("1 month", "3 months", "1 year", "18 months"),
)
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")


@pytest.fixture
def pair(plain_url: str, timescale_url: str) -> Iterator[tuple[Connection, Connection]]:
    """A connection to each, which finds the functions by their bare names."""
    with (
        psycopg.connect(plain_url, autocommit=True) as plain,
        psycopg.connect(timescale_url, autocommit=True) as timescale,
    ):
        for connection in (plain, timescale):
            connection.execute("SET search_path = shims, public")
            connection.execute("SET TIME ZONE 'Pacific/Kiritimati'")
        yield plain, timescale


def test_which_one_it_is(pair: tuple[Connection, Connection]) -> None:
    plain, timescale = pair
    assert (backend_of(plain), backend_of(timescale)) == (Backend.PLAIN, Backend.TIMESCALEDB)
    assert (open_for_writing(plain), open_for_writing(timescale)) == tuple(Backend)


@pytest.mark.parametrize("feed", Feed)
def test_a_feeds_relations_are_named_alike(pair: tuple[Connection, Connection], feed: Feed) -> None:
    for connection in pair:
        for table in (ticks_table(feed), candles_table(feed)):
            name = table.as_string(connection)
            found = numbers(connection, f"SELECT to_regclass('{name}') IS NOT NULL")
            assert found == [(True,)]


@pytest.mark.parametrize("table", ["ticks", "candles"])
def test_the_whole_has_the_same_columns(pair: tuple[Connection, Connection], table: str) -> None:
    plain, timescale = (numbers(connection, COLUMNS.format(table)) for connection in pair)
    assert plain == timescale != []


@pytest.mark.parametrize("zone", [None, *ZONES])
@given(st.sampled_from(WIDTHS), st.integers(-1_000_000_000, 4_000_000_000))
@example("1 week", 1_709_164_799)
@example("1 day", 1_710_054_000)  # New York's clocks change
def test_buckets_begin_at_the_same_times(
    pair: tuple[Connection, Connection], zone: str | None, width: str, time_s: int
) -> None:
    arguments = [width, time_s, *([] if zone is None else [zone])]
    marks = "%s::interval, to_timestamp(%s)" + ("" if zone is None else ", %s::text")
    plain, timescale = (
        connection.execute(f"SELECT time_bucket({marks})".encode(), arguments).fetchone()
        for connection in pair
    )
    assert plain == timescale


@pytest.mark.parametrize("kind", ["numeric", "float8", "bigint", "int", "smallint", "text"])
@given(
    st.lists(st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 5)), max_size=9)
)
def test_first_and_last_are_by_time(
    pair: tuple[Connection, Connection],
    kind: str,
    rows: list[tuple[int | None, int | None]],
) -> None:
    unique = list({time: (value, time) for value, time in reversed(rows)}.values())
    query = (
        f"SELECT first(value::{kind}, time), last(value::{kind}, time)"
        " FROM (SELECT v, to_timestamp(t) FROM unnest(%s::int[], %s::int[]) AS r (v, t))"
        " AS rows (value, time)"
    )
    arguments = [[value for value, _ in unique], [time for _, time in unique]]
    plain, timescale = (
        connection.execute(query.encode(), arguments).fetchone() for connection in pair
    )
    assert plain == timescale
