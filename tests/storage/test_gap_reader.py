"""Reading the book of gaps: the newest first, by page, by whatever one asks for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from market.clock import datetime_of
from market.gaps import Gap, GapCause, GapState
from market.sources import Feed, source_of
from storage import books
from storage.gap_reader import GapQuery, count_gaps, gaps
from storage.gaps import insert_gaps
from storage.pools import ReadPool
from tests.storage.making import START_US

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
KRAKEN, ECB = (source_of(name, Feed.LIVE) for name in ("kraken", "ecb"))
MINUTE = 60_000_000
GAPS = [
    Gap(KRAKEN, 111, GapCause.TRADE_IDS, START_US, START_US + 9, 6, 9),
    Gap(KRAKEN, None, GapCause.SILENCE, START_US + MINUTE, START_US + 2 * MINUTE),
    Gap(ECB, None, GapCause.SILENCE, START_US + 3 * MINUTE, START_US + 4 * MINUTE),
]
EVER = GapQuery(Feed.LIVE, datetime_of(START_US - 1), datetime_of(START_US + 9 * MINUTE))


@pytest.fixture
async def pool(database_url: str, connection: Connection) -> AsyncIterator[ReadPool]:
    for offset, gap in enumerate(GAPS):
        insert_gaps(connection, books.partition_id(connection, "p", KRAKEN), offset, [gap])
    readers = ReadPool(database_url)
    yield readers
    await readers.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (EVER, [2, 1, 0]),
        (replace(EVER, limit=1, skip=1), [1]),
        (replace(EVER, provider="kraken"), [1, 0]),
        (replace(EVER, instrument_id=111), [0]),
        (replace(EVER, state=GapState.LOST), [2]),
        (replace(EVER, cause=GapCause.SILENCE), [2, 1]),
        (replace(EVER, feed=Feed.RECORDED), []),
        (replace(EVER, start=datetime_of(START_US + 90_000_000)), [2, 1]),
        (replace(EVER, end=datetime_of(START_US + MINUTE)), [0]),
    ],
)
async def test_only_what_was_asked_for_is_given(
    pool: ReadPool, query: GapQuery, found: list[int]
) -> None:
    rows = await pool.read(gaps, query)
    assert [row.start_at for row in rows] == [datetime_of(GAPS[n].start_us) for n in found]
    if query.limit == EVER.limit:
        assert await pool.read(count_gaps, query) == len(found)


async def test_a_row_tells_how_many_trades_are_missing(pool: ReadPool) -> None:
    last, *_, first = await pool.read(gaps, EVER)
    assert (first.missing, first.state, first.source_id) == (4, "open", KRAKEN.id)
    assert (last.missing, last.state) == (None, "lost")
    assert last.settled_at is not None
