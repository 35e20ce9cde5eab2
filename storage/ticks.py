"""Writes ticks: plain COPY where all are new, COPY through a temporary table where some may be known."""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import UniqueViolation

from market.sources import Feed
from market.ticks import TickBatch
from storage.backends import ticks_table
from storage.copy_rows import HEADER, TRAILER, tick_rows

Connection = psycopg.Connection[Any]


def insert_ticks(connection: Connection, feed: Feed, batch: TickBatch, all_new: bool) -> int:
    """Insert the batch in the caller's transaction; how many ticks were new.

    `all_new` says that duplicates are unlikely; a tick that is there already (same key) is left as it
    is, whatever was said. The partitions must be there.
    """
    table, rows = ticks_table(feed), tick_rows(batch, feed.code)
    if all_new:
        try:
            with connection.transaction():
                _copy(connection, table, rows)
            return len(batch)
        except UniqueViolation:
            pass
    return _merge(connection, table, rows)


def _merge(connection: Connection, table: sql.Identifier, rows: bytes) -> int:
    """Insert what is new of `rows`; how many that were."""
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS new_ticks (LIKE market.ticks)")
    connection.execute("TRUNCATE new_ticks")
    _copy(connection, sql.Identifier("pg_temp", "new_ticks"), rows)
    statement = sql.SQL("INSERT INTO {} SELECT * FROM new_ticks ON CONFLICT DO NOTHING")
    return connection.execute(statement.format(table)).rowcount


def _copy(connection: Connection, table: sql.Identifier, rows: bytes) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(table)
    with connection.cursor().copy(statement) as copy:
        copy.write(HEADER)
        copy.write(rows)
        copy.write(TRAILER)
