"""What must hold whatever was killed: the books balance, and candles are those of the ticks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from connectors.parsing import parse
from market.clock import microseconds
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.sources import source_by_id

Connection = psycopg.Connection[Any]

FORGETS = frozenset({"ecb", "fixer", "openexchangerates"})
"""Providers whose histories have a tick a day."""


@contextmanager
def one_snapshot(connection: Connection) -> Iterator[None]:
    """All that is read within is of one moment: that of the outermost block."""
    if connection.info.transaction_status is TransactionStatus.IDLE:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        yield


def committed_ticks(connection: Connection) -> int:
    """Ticks entered in the books as stored."""
    return _number(connection, _ENTERED.format(what="ticks"))


def assert_books_balance(connection: Connection) -> None:
    """Stored ticks and quarantined parts are as many as the books say, in one snapshot.

    Of a source whose simulated ticks go back further than they are kept, no more are stored.
    """
    with one_snapshot(connection):
        for provider, stored, entered in connection.execute(_BALANCES):
            forgets = provider in FORGETS
            assert stored <= entered if forgets else stored == entered, (
                f"{provider}: {stored}, {entered}"
            )
        set_aside = _number(connection, "SELECT count(*) FROM market.quarantine")
        assert set_aside == _number(connection, _ENTERED.format(what="quarantined"))


def assert_every_record_is_booked_once(connection: Connection, consumer: str) -> None:
    """Of the inbox what the consumer has read is in the books, each record once, and nothing else."""
    wrong = connection.execute(_BOOKED, {"consumer": consumer}).fetchall()
    assert wrong == [], f"{len(wrong)} records, the first: {wrong[0]}"


def assert_the_log_has_no_hole(connection: Connection) -> None:
    """The offsets of each partition of the inbox follow one another."""
    assert connection.execute(_HOLES).fetchall() == []


def assert_no_trade_is_stored_twice(connection: Connection) -> None:
    """A venue's trade has one id, whenever it came and however often."""
    assert connection.execute(_TWICE).fetchall() == []


def assert_payloads_are_accounted_for(connection: Connection, beyond: dict[str, int]) -> None:
    """As much as each record's payload holds was stored, set aside, or known to be there already.

    Looks at the records beyond these offsets, by partition, and moves them on. An outlier that is
    released moves within the books of the record that it came with.
    """
    for name, offset, source, kind, context, received, payload, entered in connection.execute(
        _PAYLOADS, (list(beyond), list(beyond.values()))
    ):
        received_us = microseconds(received)
        record = LogRecord(name, offset, source_by_id(source), kind, context, received_us, payload)
        parsed = parse(record, CATALOGUE)
        held = len(parsed.ticks) + len(parsed.bars) + len(parsed.refused)
        assert held == entered, f"{name} {offset}: {held} in the payload, {entered} in the books"
        beyond[name] = max(offset, beyond.get(name, -1))


def assert_candles_are_those_of_the_ticks(
    connection: Connection, since: datetime | None = None
) -> None:
    """Every candle equals the one that SQL makes of the ticks, and none is missing.

    `since`: only what is not older, for of the rest the ticks are not kept.
    """
    wrong = connection.execute(
        _DIFFERENCE, {"since": since or datetime.min.replace(tzinfo=UTC)}
    ).fetchall()
    assert wrong == [], f"{len(wrong)} candles differ, the first: {wrong[0]}"


def _number(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


_ENTERED = """
    SELECT coalesce((SELECT sum({what}) FROM market.inbox_done), 0)
        + coalesce((SELECT sum({what}) FROM market.inbox_totals), 0)
"""

_BALANCES = """
    WITH entered AS (
        SELECT source_id, sum(ticks) AS ticks FROM (
            SELECT partition_id, ticks FROM market.inbox_done
            UNION ALL SELECT partition_id, ticks FROM market.inbox_totals
        ) AS entries
        JOIN market.inbox_partitions ON id = partition_id GROUP BY source_id
    ), stored AS (
        SELECT source_id, count(*) AS ticks FROM market.ticks GROUP BY source_id
    )
    SELECT provider || CASE feed WHEN 's' THEN '' ELSE ' (kept)' END, coalesce(stored.ticks, 0),
        coalesce(entered.ticks, 0)
    FROM entered FULL JOIN stored USING (source_id) JOIN market.sources ON sources.id = source_id
"""

_HOLES = """
    SELECT partition_id, min(log_offset), max(log_offset), count(*) FROM market.inbox
    GROUP BY partition_id HAVING count(*) <> 1 + max(log_offset) - min(log_offset)
"""

_TWICE = """
    SELECT instrument_id, source_id, seq, count(*) FROM market.ticks WHERE kind = 't'
    GROUP BY instrument_id, source_id, seq HAVING count(*) > 1
"""

_PAYLOADS = """
    SELECT name, log_offset, source_id, kind, context, received_at, payload,
        ticks + bars + quarantined + duplicates
    FROM market.inbox JOIN market.inbox_done USING (partition_id, log_offset)
    JOIN market.inbox_partitions ON id = partition_id
    LEFT JOIN unnest(%s::text[], %s::bigint[]) AS seen (name, seen_offset) USING (name)
    WHERE log_offset > coalesce(seen_offset, -1)
"""

_DIFFERENCE = """
    WITH kept AS (
        SELECT * FROM market.ticks WHERE time >= %(since)s
    ), sides AS (
        SELECT *, 'm'::"char" AS side, (bid + ask) / 2 AS mark FROM kept WHERE kind = 'q'
        UNION ALL SELECT *, 'b', bid FROM kept WHERE kind = 'q'
        UNION ALL SELECT *, 'a', ask FROM kept WHERE kind = 'q'
        UNION ALL SELECT *, 't', price FROM kept WHERE kind <> 'q'
    ), made AS (
        SELECT date_trunc('minute', time) AS time, instrument_id, source_id, side, feed,
            (array_agg(mark ORDER BY sides.time, seq))[1] AS open, max(mark) AS high, min(mark) AS low,
            (array_agg(mark ORDER BY sides.time DESC, seq DESC))[1] AS close,
            sum(size) AS volume, count(*) AS ticks
        FROM sides GROUP BY 1, 2, 3, 4, 5
    )
    SELECT made.*, candles.*
    FROM made FULL JOIN (
        SELECT * FROM market.candles WHERE ticks > 0 AND time >= %(since)s
    ) AS candles USING (time, instrument_id, source_id, side, feed)
    WHERE (made.open, made.high, made.low, made.close, made.volume, made.ticks)
        IS DISTINCT FROM (candles.open, candles.high, candles.low, candles.close, candles.volume,
            candles.ticks)
"""

_BOOKED = """
    SELECT entry.*, read.log_offset AS read_up_to
    FROM (
        SELECT partition_id, log_offset, done.ticks IS NOT NULL AS booked
        FROM (SELECT partition_id, log_offset FROM market.inbox) AS record
        FULL JOIN market.inbox_done AS done USING (partition_id, log_offset)
    ) AS entry
    LEFT JOIN (SELECT * FROM market.inbox_consumers WHERE consumer = %(consumer)s) AS read
        USING (partition_id)
    WHERE (entry.log_offset <= coalesce(read.log_offset, -1)) <> booked
"""
