"""Reading the quarantine: how much and why, and the newest of it by page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from market.sources import Feed, source_of
from storage import books
from storage.books import Quarantined
from storage.pools import ReadPool
from storage.quarantine_reader import QuarantineQuery, quarantine_counts, quarantine_rows
from tests.storage.making import START_US

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]
KRAKEN, ECB = (source_of(name, Feed.LIVE) for name in ("kraken", "ecb"))
NOW = datetime.now(UTC)
EVER = QuarantineQuery(Feed.LIVE, NOW - timedelta(hours=1), NOW + timedelta(hours=1))


@pytest.fixture
async def pool(database_url: str, connection: Connection) -> AsyncIterator[ReadPool]:
    """Two outliers and a crossed quote of Kraken, one unreadable part of the ECB."""
    kraken = books.partition_id(connection, "kraken-live-0", KRAKEN)
    rows = [Quarantined(n, "outlier", f"x{n}", START_US + n, 111) for n in (0, 4)]
    books.quarantine(connection, kraken, 0, KRAKEN, rows)
    crossed = Quarantined(0, "crossed", "bid 2 ask 1", START_US, 112)
    books.quarantine(connection, kraken, 1, KRAKEN, [crossed])
    ecb = books.partition_id(connection, "ecb-live-0", ECB)
    books.quarantine(connection, ecb, 0, ECB, [Quarantined(0, "no XML", "<")])
    readers = ReadPool(database_url)
    yield readers
    await readers.close()


async def test_counts_are_by_reason_source_and_instrument(pool: ReadPool) -> None:
    counts = await pool.read(quarantine_counts, EVER)
    assert [(c.reason, c.source_id, c.instrument_id, c.count) for c in counts] == [
        ("outlier", KRAKEN.id, 111, 2),
        ("crossed", KRAKEN.id, 112, 1),
        ("no XML", ECB.id, None, 1),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (EVER, ["<", "bid 2 ask 1", "x4", "x0"]),
        (replace(EVER, limit=2, skip=1), ["bid 2 ask 1", "x4"]),
        (replace(EVER, provider="ecb"), ["<"]),
        (replace(EVER, instrument_id=111), ["x4", "x0"]),
        (replace(EVER, reason="crossed"), ["bid 2 ask 1"]),
        (replace(EVER, feed=Feed.SIMULATED), []),
        (replace(EVER, end=EVER.start), []),
    ],
)
async def test_rows_are_the_newest_of_what_was_asked_for(
    pool: ReadPool, query: QuarantineQuery, found: list[str]
) -> None:
    assert [row.excerpt for row in await pool.read(quarantine_rows, query)] == found


async def test_a_row_names_where_it_lay(pool: ReadPool) -> None:
    row = (await pool.read(quarantine_rows, replace(EVER, reason="outlier")))[0]
    assert (row.partition, row.log_offset, row.item) == ("kraken-live-0", 0, 4)
