"""Writes providers' own bars of more than a minute; those of a minute are candles."""

from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from market.bars import BarBatch
from market.sources import Feed
from storage.copy_rows import HEADER, TRAILER, bar_rows

Connection = psycopg.Connection[Any]


def upsert_bars(connection: Connection, feed: Feed, bars: BarBatch) -> int:
    """Keep bars in the caller's transaction, a provider's last word on each; how many were written.

    One that is there already and equal is not.
    """
    keys = np.stack([bars.time, bars.instrument, bars.source, bars.side, bars.interval_s])
    _, last = np.unique(keys[:, ::-1], axis=1, return_index=True)
    newest = bars.take(np.sort(len(bars) - 1 - last))
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS new_bars (LIKE market.bars)")
    connection.execute("TRUNCATE new_bars")
    statement = sql.SQL("COPY pg_temp.new_bars FROM STDIN (FORMAT binary)")
    with connection.cursor().copy(statement) as copy:
        copy.write(HEADER)
        copy.write(bar_rows(newest, feed.code))
        copy.write(TRAILER)
    return connection.execute(_UPSERT).rowcount


_UPSERT = """
    INSERT INTO market.bars AS kept SELECT * FROM new_bars
    ON CONFLICT (instrument_id, side, feed, interval_s, time, source_id) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume
    WHERE (kept.open, kept.high, kept.low, kept.close, kept.volume)
        IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
"""
