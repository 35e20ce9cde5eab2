"""Ticks, records and outcomes of the storage tests, made in few words."""

from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from market.bars import BAR_US, BarBatch
from market.log import LogEntry, LogRecord
from market.sources import Feed, source_of
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from storage.backends import candles_table, ticks_table
from storage.partitions import TickPartitions

Connection = psycopg.Connection[Any]

START_US = 1_700_000_040_000_000
"""A full minute of 2023-11-14."""
DAY_US = 1440 * BAR_US
SOURCE = source_of("binance", Feed.SIMULATED)
INSTRUMENT = 101

_RUNNING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE 'COPY%' AND state = 'active'"
)


def trade(
    offset_us: int, seq: int = 0, price: str | int = 10, size: str | int = 1, instrument: int = 101
) -> Tick:
    """A trade so long after the start."""
    time_us = START_US + offset_us
    return Tick(time_us, instrument, SOURCE.id, TRADE, seq, price=str(price), size=str(size))


def quote(offset_us: int, seq: int = 0, bid: str | int = 10, ask: str | int = 11) -> Tick:
    """A quote so long after the start."""
    time_us = START_US + offset_us
    return Tick(time_us, INSTRUMENT, SOURCE.id, QUOTE, seq, bid=str(bid), ask=str(ask))


def make_room(connection: Connection, feed: Feed, batch: TickBatch, bars: BarBatch) -> None:
    """The partitions that these ticks and bars are going to fill."""
    TickPartitions(connection).ensure(feed, batch.time, bars.time)


def numbers(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return connection.execute(query.encode()).fetchall()


def empty(connection: Connection) -> None:
    """Forget all ticks and candles."""
    for feed in Feed:
        for table in (ticks_table(feed), candles_table(feed)):
            connection.execute(sql.SQL("TRUNCATE {}").format(table))


def candle_texts(connection: Connection, where: str = "true") -> dict[tuple[Any, ...], Any]:
    """The candles by (time, instrument, side), each number as the text that PostgreSQL shows."""
    rows = numbers(
        connection,
        "SELECT time, instrument_id, side::text, open::text, high::text, low::text, close::text,"
        f" volume::text, ticks FROM market.candles WHERE {where} ORDER BY 1, 2, 3",
    )
    return {tuple(row[:3]): tuple(row[3:]) for row in rows}


def text(value: Decimal | None) -> str | None:
    """A number as PostgreSQL shows it without trailing zeros."""
    if value is None:
        return None
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def entry(payload: bytes = b"{}", received_us: int = START_US, kind: str = "frames") -> LogEntry:
    """Something that a connector received."""
    return LogEntry(kind, "{}", received_us, payload)


def record(offset: int, partition: str = "binance-0", payload: bytes = b"{}") -> LogRecord:
    """The same as a record of the log."""
    return LogRecord(partition, offset, SOURCE, "frames", "{}", START_US, payload)


def until_running(database_url: str, count: int) -> None:
    """Return once so many statements of COPY run in this database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        while numbers(connection, _RUNNING) != [(count,)]:
            pass


def written(statement: str) -> sql.Composable:
    """A statement that a test has put together."""
    return sql.SQL("{}").format(sql.SQL(statement))
