"""What must hold whatever was killed: the books balance, and candles are those of the ticks."""

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


def committed_ticks(connection: Connection) -> int:
    """Ticks entered in the books as stored."""
    return _number(connection, "SELECT coalesce(sum(ticks), 0) FROM market.inbox_done")


def assert_books_balance(connection: Connection) -> None:
    """Stored ticks and quarantined parts are as many as the books say, in one snapshot."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert _number(connection, "SELECT count(*) FROM market.ticks") == committed_ticks(
            connection
        )
        assert _number(connection, "SELECT count(*) FROM market.quarantine") == _number(
            connection, "SELECT coalesce(sum(quarantined), 0) FROM market.inbox_done"
        )


def assert_every_record_is_booked_once(connection: Connection, consumer: str) -> None:
    """Of the inbox what the consumer has read is in the books, each record once, and nothing else."""
    wrong = connection.execute(_BOOKED, {"consumer": consumer}).fetchall()
    assert wrong == [], f"{len(wrong)} records, the first: {wrong[0]}"


def assert_candles_are_those_of_the_ticks(connection: Connection) -> None:
    """Every candle equals the one that SQL makes of the ticks, and none is missing."""
    wrong = connection.execute(_DIFFERENCE).fetchall()
    assert wrong == [], f"{len(wrong)} candles differ, the first: {wrong[0]}"


def _number(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


_DIFFERENCE = """
    WITH sides AS (
        SELECT *, 'm'::"char" AS side, (bid + ask) / 2 AS mark FROM market.ticks WHERE kind = 'q'
        UNION ALL SELECT *, 'b', bid FROM market.ticks WHERE kind = 'q'
        UNION ALL SELECT *, 'a', ask FROM market.ticks WHERE kind = 'q'
        UNION ALL SELECT *, 't', price FROM market.ticks WHERE kind <> 'q'
    ), made AS (
        SELECT date_trunc('minute', time) AS time, instrument_id, source_id, side, feed,
            (array_agg(mark ORDER BY sides.time, seq))[1] AS open, max(mark) AS high, min(mark) AS low,
            (array_agg(mark ORDER BY sides.time DESC, seq DESC))[1] AS close,
            sum(size) AS volume, count(*) AS ticks
        FROM sides GROUP BY 1, 2, 3, 4, 5
    )
    SELECT made.*, candles.* FROM made FULL JOIN (SELECT * FROM market.candles WHERE ticks > 0) AS candles
        USING (time, instrument_id, source_id, side, feed)
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
