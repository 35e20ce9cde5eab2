"""The two ways ticks and candles are kept: declarative partitions, or TimescaleDB's hypertables.

Both have the same names. Writers name a feed's own relation (`ticks_table`, `candles_table`), readers
the whole, `market.ticks` and `market.candles`.
"""

from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql

from market.sources import Feed


class Backend(StrEnum):
    """What the migrations found and made."""

    PLAIN = "plain"
    TIMESCALEDB = "timescaledb"


def backend_of(connection: psycopg.Connection[Any]) -> Backend:
    """How this database, whose schema is current, keeps ticks and candles."""
    row = connection.execute(
        "SELECT relkind FROM pg_class WHERE oid = to_regclass('market.ticks')"
    ).fetchone()
    return Backend.TIMESCALEDB if row is not None and row[0] in ("v", b"v") else Backend.PLAIN


def open_for_writing(connection: psycopg.Connection[Any]) -> Backend:
    """Let this connection write any number of rows among those that are compressed; the backend."""
    backend = backend_of(connection)
    if backend is Backend.TIMESCALEDB:
        # What a late tick or a replay changes is decompressed: usually at most 100,000 rows a statement.
        connection.execute("SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0")
    return backend


def ticks_table(feed: Feed) -> sql.Identifier:
    """The relation that takes the ticks of a feed."""
    return sql.Identifier("market", f"ticks_{feed.value}")


def candles_table(feed: Feed) -> sql.Identifier:
    """The relation that takes the candles of a feed."""
    return sql.Identifier("market", f"candles_{feed.value}")
