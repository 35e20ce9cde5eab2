"""Writes candles: upserts that never go back, and recomputation from the ticks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from psycopg.errors import UniqueViolation

from market.bars import BAR_US, BarBatch
from market.clock import datetime_of, microseconds
from market.sources import Feed
from market.ticks import QUOTE, RATE, TRADE
from storage.backends import candles_table, ticks_table
from storage.connecting import connect
from storage.copy_rows import HEADER, TRAILER, candle_rows

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """One minute of one instrument from one source: its candles of every side."""

    time_us: int
    instrument: int
    source: int


def insert_candles(
    connection: Connection, feed: Feed, bars: BarBatch, partition_id: int, offset: int
) -> bool:
    """Write candles that are most likely new, in the caller's transaction, ten times as fast.

    False, and nothing was written, where one of them is there already.
    """
    try:
        with connection.transaction():
            rows = candle_rows(bars, feed.code, partition_id, offset)
            _copy(connection, candles_table(feed), rows)
    except UniqueViolation:
        return False
    return True


def upsert_candles(
    connection: Connection,
    feed: Feed,
    bars: BarBatch,
    partition_id: int,
    span: tuple[int, int],
) -> set[Bucket]:
    """Write candles that hold a log's partition from an offset up to another, in the caller's transaction.

    Each (time, instrument, source, side) at most once in `bars`. A candle that holds more of the same
    partition stays as it is. Buckets whose candle is of another origin, or holds only what came before
    the span, are returned, not written: what is there and what is new must be recomputed together.
    """
    since, offset = span
    _stage(connection, candle_rows(bars, feed.code, partition_id, offset))
    connection.execute(_UPSERT.format(candles_table(feed)), (since,))
    others = connection.execute(_OTHERS.format(candles_table(feed)), (since,)).fetchall()
    return {Bucket(microseconds(time), instrument, source) for time, instrument, source in others}


_UPSERT = sql.SQL("""
    INSERT INTO {} AS kept SELECT * FROM new_candles
    ON CONFLICT (instrument_id, side, feed, time, source_id) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, ticks = excluded.ticks, log_offset = excluded.log_offset
    WHERE kept.partition_id = excluded.partition_id
        AND kept.log_offset BETWEEN %s AND excluded.log_offset
""")

_OTHERS = sql.SQL("""
    SELECT DISTINCT time, instrument_id, source_id FROM new_candles AS new CROSS JOIN LATERAL (
        SELECT partition_id, log_offset FROM {} AS kept
        WHERE kept.instrument_id = new.instrument_id AND kept.side = new.side
            AND kept.feed = new.feed AND kept.time = new.time AND kept.source_id = new.source_id
        LIMIT 1
    ) AS kept WHERE kept.partition_id IS DISTINCT FROM new.partition_id OR kept.log_offset < %s
""")


def upsert_provider_bars(connection: Connection, feed: Feed, bars: BarBatch) -> int:
    """Keep a provider's own bars where no candle of ticks, nor an equal bar, stands; how many were
    written."""
    newest = {
        (
            int(bars.time[row]),
            int(bars.instrument[row]),
            int(bars.source[row]),
            int(bars.side[row]),
        ): row
        for row in range(len(bars))
    }
    bars = bars.take(np.array(sorted(newest.values()), np.int64))
    _stage(connection, candle_rows(bars, feed.code, 0, 0))
    connection.execute("UPDATE new_candles SET partition_id = NULL, log_offset = NULL")
    return connection.execute(_UPSERT_BARS.format(candles_table(feed))).rowcount


_UPSERT_BARS = sql.SQL("""
    INSERT INTO {} AS kept SELECT * FROM new_candles
    ON CONFLICT (instrument_id, side, feed, time, source_id) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume
    WHERE kept.ticks = 0 AND (kept.open, kept.high, kept.low, kept.close, kept.volume)
        IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
""")


def buckets_holding(
    connection: Connection,
    feed: Feed,
    buckets: Iterable[Bucket],
    partition_id: int,
    offset: int,
) -> set[Bucket]:
    """Those of the buckets whose candles hold the partition up to this offset or beyond."""
    wanted = sorted(buckets)
    rows = connection.execute(
        _HOLDING.format(candles_table(feed)),
        (
            [datetime_of(bucket.time_us) for bucket in wanted],
            [bucket.instrument for bucket in wanted],
            [bucket.source for bucket in wanted],
            partition_id,
            offset,
            feed.code,
        ),
    ).fetchall()
    return {Bucket(microseconds(time), instrument, source) for time, instrument, source in rows}


# Lateral, for a look-up a bucket: a plain join reads the whole table where it has no statistics yet.
_HOLDING = sql.SQL("""
    SELECT time, instrument_id, source_id
    FROM unnest(%s::timestamptz[], %s::int[], %s::smallint[])
        AS wanted (time, instrument_id, source_id)
    CROSS JOIN LATERAL (
        SELECT bool_and(coalesce(kept.partition_id = %s AND kept.log_offset >= %s, false)) AS whole
        FROM {} AS kept
        WHERE kept.instrument_id = wanted.instrument_id
            AND kept.side = ANY (ARRAY['m', 'b', 'a', 't']::"char"[])
            AND kept.feed = %s AND kept.time = wanted.time AND kept.source_id = wanted.source_id
    ) AS held
    WHERE held.whole
""")


def recompute_candles(connection: Connection, feed: Feed, buckets: Iterable[Bucket]) -> None:
    """Make the candles of these buckets anew from the ticks, in the caller's transaction.

    One that may hold ticks which are no longer kept stays as it is.
    """
    wanted = sorted(buckets)
    if not wanted:
        return
    statement = _RECOMPUTE.format(ticks=ticks_table(feed), candles=candles_table(feed))
    # Asked after the ticks were written: their partitions cannot end before this transaction has.
    row = connection.execute("SELECT market.ticks_ended(%s)", (feed.code,)).fetchone()
    for bucket in wanted:
        span = {
            "start": datetime_of(bucket.time_us),
            "end": datetime_of(bucket.time_us + BAR_US),
            "instrument": bucket.instrument,
            "source": bucket.source,
            "feed": feed.code,
            "ended": row[0] if row is not None else None,
        }
        connection.execute(statement, span)


def _stage(connection: Connection, rows: bytes) -> None:
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS new_candles (LIKE market.candles)")
    connection.execute("TRUNCATE new_candles")
    _copy(connection, sql.Identifier("pg_temp", "new_candles"), rows)


def _copy(connection: Connection, table: sql.Identifier, rows: bytes) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(table)
    with connection.cursor().copy(statement) as copy:
        copy.write(HEADER)
        copy.write(rows)
        copy.write(TRAILER)


_SIDES = f"""
    SELECT 'm'::"char" AS side, (bid + ask) * 0.5 AS price, NULL::numeric AS size, time, seq
        FROM picked WHERE kind = '{chr(QUOTE)}'
    UNION ALL SELECT 'b', bid, NULL, time, seq FROM picked WHERE kind = '{chr(QUOTE)}'
    UNION ALL SELECT 'a', ask, NULL, time, seq FROM picked WHERE kind = '{chr(QUOTE)}'
    UNION ALL SELECT 't', price, size, time, seq
        FROM picked WHERE kind IN ('{chr(TRADE)}', '{chr(RATE)}')
"""

_RECOMPUTE = sql.SQL(f"""
    WITH picked AS (
        SELECT * FROM {{ticks}}
        WHERE time >= %(start)s AND time < %(end)s AND feed = %(feed)s
        AND instrument_id = %(instrument)s AND source_id = %(source)s
    ), sides AS ({_SIDES})
    INSERT INTO {{candles}} AS kept
    SELECT %(start)s, %(instrument)s, %(source)s, side, %(feed)s,
        trim_scale((array_agg(price ORDER BY time, seq))[1]), trim_scale(max(price)),
        trim_scale(min(price)), trim_scale((array_agg(price ORDER BY time DESC, seq DESC))[1]),
        nullif(trim_scale(sum(trunc(size, 18))), 0), count(*), NULL, NULL
    FROM sides GROUP BY side
    ON CONFLICT (instrument_id, side, feed, time, source_id) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, ticks = excluded.ticks,
        partition_id = NULL, log_offset = NULL
    WHERE kept.ticks = 0 OR kept.time >= coalesce(%(ended)s, '-infinity'::timestamptz)
""")


_COVERED_UNTIL = """
    SELECT instrument_id, coalesce(
        min(before) FILTER (
            WHERE time > now() - interval '23 hours' AND time - before > interval '15 minutes'
        ),
        max(time)
    ) FROM (
        SELECT instrument_id, time,
            lag(time) OVER (PARTITION BY instrument_id ORDER BY time) AS before
        FROM market.candles WHERE feed = %s AND time > now() - interval '25 hours'
    ) AS minutes
    GROUP BY instrument_id HAVING min(time) < now() - interval '23 hours'
"""


def covered_until(database_url: str, feed: Feed) -> dict[int, int]:
    """Until when each instrument's last day is covered by candles, in microseconds.

    That is the last candle before the first hole, more than 15 minutes without one, or else the newest.
    An instrument whose candles do not reach back a day (the first start, a backfill that was broken
    off) is absent: nothing of it counts as covered.
    """
    with connect(database_url) as connection:
        rows = connection.execute(_COVERED_UNTIL, (feed.code,)).fetchall()
    return {identity: microseconds(time) for identity, time in rows}
