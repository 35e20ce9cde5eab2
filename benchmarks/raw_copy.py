"""The raw limit of storing ticks: binary COPY of finished bytes into a float8 twin of `market.ticks`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from market.ticks import QUOTE, Float64s, TickBatch
from storage.copy_rows import HEADER, TRAILER

ROWS_PER_COMMIT = 10_000
CREATE_TWIN = """
    CREATE TABLE twin (
        time timestamptz NOT NULL, instrument_id int NOT NULL, source_id smallint NOT NULL,
        kind "char" NOT NULL, feed "char" NOT NULL, seq bigint NOT NULL,
        bid float8, ask float8, price float8, size float8, late boolean NOT NULL,
        PRIMARY KEY (time, instrument_id, source_id, kind, feed, seq)
    )
"""
CHECKSUMS = """
    SELECT count(*), count(DISTINCT instrument_id), sum(seq), sum(extract(epoch FROM time)),
        sum(bid::numeric), sum(ask::numeric), sum(price::numeric), sum(size::numeric)
    FROM
"""
"""Of the table whose name follows: equal where it holds the same ticks."""

_POSTGRES_EPOCH_US = 946_684_800_000_000
_FIELDS = 11
_KEY = {
    "time": ">i8",
    "instrument": ">i4",
    "source": ">i2",
    "kind": "i1",
    "feed": "i1",
    "seq": ">i8",
}
_NUMBERS = ("bid", "ask", "price", "size")
_OF_QUOTES = ("bid", "ask")


def twin_rows(ticks: TickBatch, feed_code: str) -> list[bytes]:
    """The ticks as whole COPY streams of `ROWS_PER_COMMIT` rows each, in their order."""
    quotes, trades = (_rows(ticks, feed_code, quotes=quotes) for quotes in (True, False))
    assert quotes.itemsize == trades.itemsize  # a trade lacks as many numbers as a quote
    flat = (rows.view(np.uint8).reshape(len(ticks), -1) for rows in (quotes, trades))
    rows = np.where((ticks.kind == QUOTE)[:, None], *flat)
    starts = range(0, len(ticks), ROWS_PER_COMMIT)
    return [HEADER + rows[start : start + ROWS_PER_COMMIT].tobytes() + TRAILER for start in starts]


def copy_all(connection: psycopg.Connection[Any], table: str, streams: Sequence[bytes]) -> None:
    """COPY each stream in a commit of its own."""
    for stream in streams:
        with (
            connection.transaction(),
            connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)".encode()) as copy,
        ):
            copy.write(stream)


def _rows(ticks: TickBatch, feed_code: str, *, quotes: bool) -> npt.NDArray[Any]:
    """Every row as if it were a quote, or as if it were a trade."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in _KEY.items():
        layout += [(f"{name} length", ">i4"), (name, kind)]
    for name in _NUMBERS:
        layout.append((f"{name} length", ">i4"))
        if (name in _OF_QUOTES) == quotes:
            layout.append((name, ">f8"))
    layout += [("late length", ">i4"), ("late", "?")]
    rows = np.zeros(len(ticks), np.dtype(layout))
    names = [name for name, _ in layout]
    values = {**_values(ticks), "feed": ord(feed_code)}
    rows["fields"] = _FIELDS
    for name in (*_KEY, *_NUMBERS, "late"):
        present = name in names
        rows[f"{name} length"] = rows.dtype[name].itemsize if present else -1
        if present:
            rows[name] = values[name]
    return rows


def _values(ticks: TickBatch) -> dict[str, npt.NDArray[Any] | Float64s]:
    scale = 10.0 ** ticks.exponent.astype(np.float64)
    return {
        "time": ticks.time - _POSTGRES_EPOCH_US,
        "instrument": ticks.instrument,
        "source": ticks.source,
        "kind": ticks.kind,
        "seq": ticks.seq,
        "bid": ticks.bid / scale,
        "ask": ticks.ask / scale,
        "price": ticks.price / scale,
        "size": ticks.size / 10.0 ** ticks.size_exponent.astype(np.float64),
        "late": ticks.late,
    }
