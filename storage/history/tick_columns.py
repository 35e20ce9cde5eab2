"""Ticks of a range as columns: a page, or all of them, read slice by slice.

Ticks lie in the order of time alone, and those of one instrument may be few among those of all: the
minutes of its candles tell where it has any. Each slice is a walk along the index over one stretch of
time, or over many short ones, and holds so few ticks that no sort of it goes to disk.
"""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from psycopg import sql

from market.sources import Feed
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.ticks import (
    TickQuery,
    is_wide,
    narrowed,
    span_statement,
    tick_parameters,
    ticks_statement,
)

TICK_NAMES = ("time", "bid", "ask", "price", "size", "source_id", "kind", "seq")
TICK_TYPES = ("timestamptz", *("numeric",) * 4, "int2", '"char"', "int8")
SLICE_TICKS = 250_000
"""Ticks that one statement reads, about: more where a single hour of an instrument has more."""
SLICE_STRETCHES = 500
"""Stretches that one statement reads at most."""
PAGE_WITHIN_S = 8.0
ESTIMATE_WITHIN_S = 15.0
"""How long the candles of a range may be looked through for where its ticks are."""

_NEAR = timedelta(minutes=10)
"""Stretches that lie so near to each other are read as one."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TickRange:
    """The ticks of an instrument in [start, end), of one source or of all."""

    instrument_id: int
    feed: Feed
    start: datetime
    end: datetime
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes [start, end), within an hour, that hold about so many ticks of a range."""

    start: datetime
    end: datetime
    ticks: int


_STRETCHES = sql.SQL("""
SELECT min(minute), max(minute) + interval '1 minute', sum(ticks)::bigint
FROM (
    SELECT minute, ticks, count(*) FILTER (WHERE far) OVER (ORDER BY minute) AS island
    FROM (
        SELECT time AS minute, sum(ticks) AS ticks,
               time - lag(time) OVER (ORDER BY time) > {near} AS far
        FROM market.candles
        WHERE instrument_id = {instrument_id} AND feed = {feed} AND side IN ('m', 't')
          AND ticks > 0 AND time < {end} AND {of_source}
          AND time > {before}
          AND time > (SELECT market.ticks_from({feed})) - interval '1 minute'
        GROUP BY time
    ) AS minutes
) AS islands
GROUP BY island, date_trunc('hour', minute, 'UTC') ORDER BY 1
""")
_STRETCH_NAMES = ("start", "end", "ticks")
_STRETCH_TYPES = ("timestamptz", "timestamptz", "int8")

_TICKS = """
    SELECT time, bid, ask, price, size, source_id, kind, seq
    FROM market.ticks
    WHERE feed = {feed} AND instrument_id = {instrument_id} AND {of_source}
      AND time >= {start} AND time < {end}
    ORDER BY time, source_id, kind, seq
"""
_ONE = sql.SQL(_TICKS)
_MANY = sql.SQL(
    "SELECT tick.* FROM (VALUES {stretches}) AS stretch (start, until)"
    " CROSS JOIN LATERAL ("
    + _TICKS.replace("{start}", "stretch.start AND time >= {start}").replace(
        "{end}", "stretch.until AND time < {end}"
    )
    + ") AS tick"
)
"""The whole range beside each stretch's: the planner leaves all other partitions out.

In the order of the values: the inner part can only be run once for each of them, as they come."""


async def tick_stretches(columns: ColumnReader, wanted: TickRange) -> list[Stretch]:
    """Where the range has ticks, ascending, as its candles know it: never too few of them.

    A minute that the range cuts counts whole.
    """
    statement = _STRETCHES.format(near=sql.Literal(_NEAR), **_literals(wanted))
    query = ColumnQuery(statement, _STRETCH_NAMES, _STRETCH_TYPES)
    found = await columns.table(query, timeout_s=ESTIMATE_WITHIN_S)
    return [Stretch(**row) for row in found.to_pylist()]


async def tick_batches(
    columns: ColumnReader,
    wanted: TickRange,
    stretches: Sequence[Stretch],
    numbers: Numbers = Numbers.FLOAT64,
) -> AsyncGenerator[pa.RecordBatch]:
    """The ticks of a range in its stretches, by (time, source, kind, seq), as `TICK_NAMES`."""
    for query in tick_queries(wanted, stretches):
        async with aclosing(columns.batches(query, numbers=numbers)) as batches:
            async for batch in batches:
                yield batch


def tick_queries(wanted: TickRange, stretches: Sequence[Stretch]) -> Iterator[ColumnQuery]:
    """The slices of a range, whose answers one after the other are its ticks."""
    for part in _slices(stretches):
        yield ColumnQuery(_statement(wanted, part), TICK_NAMES, TICK_TYPES)


async def tick_page(
    columns: ColumnReader, query: TickQuery, *, last: bool, numbers: Numbers = Numbers.FLOAT64
) -> pa.Table:
    """The first or the last ticks of a range, ascending, as `TICK_NAMES`."""
    if is_wide(query):
        spanned = _inlined(span_statement(query, last=last), tick_parameters(query))
        span = ColumnQuery(spanned, _STRETCH_NAMES[:2], _STRETCH_TYPES[:2])
        (row,) = (await columns.table(span, timeout_s=PAGE_WITHIN_S)).to_pylist()
        if row["start"] is None:
            return tick_schema(numbers).empty_table()
        query = narrowed(query, **row)
    statement = _inlined(ticks_statement(query, last=last), tick_parameters(query))
    wanted = ColumnQuery(statement, TICK_NAMES, TICK_TYPES)
    found = await columns.table(wanted, numbers=numbers, timeout_s=PAGE_WITHIN_S)
    return found.take(pa.array(range(found.num_rows - 1, -1, -1), pa.int64())) if last else found


def tick_schema(numbers: Numbers) -> pa.Schema:
    """The schema of `tick_batches` and `tick_page`."""
    return ColumnQuery(_ONE, TICK_NAMES, TICK_TYPES).schema(numbers)


def _slices(stretches: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    """Neighbours are put together; a slice ends where it holds enough."""
    part: list[Stretch] = []
    ticks = 0
    for stretch in stretches:
        if part and (ticks + stretch.ticks > SLICE_TICKS or len(part) >= SLICE_STRETCHES):
            yield part
            part, ticks = [], 0
        ticks += stretch.ticks
        if part and stretch.start - part[-1].end < _NEAR:
            part[-1] = Stretch(part[-1].start, stretch.end, part[-1].ticks + stretch.ticks)
        else:
            part.append(stretch)
    if part:
        yield part


def _statement(wanted: TickRange, part: Sequence[Stretch]) -> sql.Composed:
    literals = _literals(wanted)
    # Not beyond the range, which may cut the first minute and the last.
    bounds = [(max(each.start, wanted.start), min(each.end, wanted.end)) for each in part]
    if len(bounds) == 1:
        start, end = bounds[0]
        return _ONE.format(**literals | {"start": sql.Literal(start), "end": sql.Literal(end)})
    values = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(start), sql.Literal(end)) for start, end in bounds
    )
    span = {"start": sql.Literal(bounds[0][0]), "end": sql.Literal(bounds[-1][1])}
    return _MANY.format(stretches=values, **literals | span)


def _literals(wanted: TickRange) -> dict[str, sql.Composable]:
    of_source: sql.Composable = sql.SQL("true")
    if wanted.source_id is not None:
        of_source = sql.SQL("source_id = {}").format(sql.Literal(wanted.source_id))
    return {
        "instrument_id": sql.Literal(wanted.instrument_id),
        "feed": sql.Literal(wanted.feed.code),
        "start": sql.Literal(wanted.start),
        "before": sql.Literal(wanted.start - _MINUTE),
        "end": sql.Literal(wanted.end),
        "of_source": of_source,
    }


def _inlined(statement: str, parameters: dict[str, object]) -> sql.Composed:
    """A statement whose `%(name)s` are replaced by their values: COPY takes no parameters."""
    text = statement.replace("{", "{{").replace("}", "}}")
    template = sql.SQL(re.sub(r"%\((\w+)\)s", r"{\1}", text))
    return template.format(**{name: sql.Literal(value) for name, value in parameters.items()})
