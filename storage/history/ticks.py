"""Ticks of a range, page by page; their prices leave as floats, or exact as texts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg.rows import class_row

from market.sources import Feed, ids_by_rank
from storage.copy_decoding import Numbers
from storage.pools import Connection


@dataclass(frozen=True, slots=True)
class TickRow:
    """One stored tick; `kind` is q, t or r. Exact numbers are texts, without zeros at their end."""

    time: datetime
    bid: float | str | None
    ask: float | str | None
    price: float | str | None
    size: float | str | None
    source_id: int
    kind: str
    seq: int


@dataclass(frozen=True, slots=True)
class TickKey:
    """The place of a tick among its instrument's ticks."""

    time: datetime
    source_id: int
    kind: str
    seq: int


@dataclass(frozen=True, slots=True)
class TickQuery:
    """Ticks of an instrument in [start, end), at most `limit`; with `after`, only those beyond it.

    With `source_id`, those of that source alone.
    """

    instrument_id: int
    feed: Feed
    start: datetime
    end: datetime
    limit: int
    after: TickKey | None = None
    source_id: int | None = None


_HOLDING = """
    SELECT DISTINCT candle.time AS minute
    FROM unnest('{{m,t}}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT time FROM market.candles
        WHERE instrument_id = %(instrument_id)s AND feed = %(feed)s AND side = side.letter
          AND ticks > 0 {of_source} AND time > %(before)s AND time < %(end)s
          AND time > (SELECT market.ticks_from(%(feed)s)) - interval '1 minute'
        ORDER BY time {order} LIMIT %(minutes)s
    ) AS candle
    ORDER BY minute {order}
"""
_SPAN = f"SELECT min(minute), max(minute) + interval '1 minute' FROM ({_HOLDING}) AS holding"
# The whole range beside each minute's: the planner leaves all other partitions out.
_TICKS = f"""
SELECT tick.*
FROM ({_HOLDING}) AS holding
CROSS JOIN LATERAL (
    SELECT time, {{numbers}}, source_id, kind, seq
    FROM market.ticks
    WHERE feed = %(feed)s AND instrument_id = %(instrument_id)s
      AND time >= %(start)s AND time < %(end)s
      AND time >= greatest(%(start)s, holding.minute)
      AND time < least(%(end)s, holding.minute + interval '1 minute')
      {{of_source}} {{beyond}}
    ORDER BY time {{order}}, source_id {{order}}, kind {{order}}, seq {{order}} LIMIT %(limit)s
) AS tick
ORDER BY holding.minute {{order}}, time {{order}}, source_id {{order}}, kind {{order}}, seq {{order}}
LIMIT %(limit)s
"""
"""Ticks lie in the order of time alone: the candles tell in which minutes the instrument has any.

Every candle made of ticks stands for one at least, but for those of a minute that the range cuts, and
those whose ticks are no longer kept, which is so from the oldest partition back.
"""
_BEYOND = """AND ((time, source_id, kind, seq) > (%(after_time)s, %(after_source)s::smallint,
    %(after_kind)s::"char", %(after_seq)s::bigint)) IS TRUE"""
"""No condition of an index, which would begin at this tick for every minute."""
_WIDE = timedelta(days=2)
"""A range of more is first narrowed to the minutes of the page, for it may have thousands of partitions."""
_FORMS = {Numbers.FLOAT64: "{0}::float8", Numbers.DECIMAL: "trim_scale({0})::text AS {0}"}
_PRICES = ("bid", "ask", "price", "size")
STORED_NUMBERS = ", ".join(_PRICES)
"""Prices and sizes as they are stored, for `ticks_statement`."""


def ticks_statement(query: TickQuery, *, last: bool, numbers: str = STORED_NUMBERS) -> str:
    """The statement of the first or the last ticks of a range; its parameters: `tick_parameters`.

    `numbers` is how the four prices and sizes are read.
    """
    return _TICKS.format(
        beyond="" if last else _BEYOND, numbers=numbers, **_words(query, last=last)
    )


def span_statement(query: TickQuery, *, last: bool) -> str:
    """The statement of when the first or the last ticks of a range begin and end, about; both null where
    there are none. Its parameters: `tick_parameters`."""
    return _SPAN.format(**_words(query, last=last))


def is_wide(query: TickQuery) -> bool:
    """Whether a range is to be `narrowed` to the answer of its `span_statement` before it is read."""
    start = query.start if query.after is None else max(query.start, query.after.time)
    return query.end - start > _WIDE


def narrowed(query: TickQuery, start: datetime, end: datetime) -> TickQuery:
    """The part of a range that lies in [start, end)."""
    return replace(query, start=max(query.start, start), end=min(query.end, end))


def _words(query: TickQuery, *, last: bool) -> dict[str, str]:
    return {
        "order": "DESC" if last else "ASC",
        "of_source": "" if query.source_id is None else "AND source_id = %(source_id)s",
    }


def tick_parameters(query: TickQuery) -> dict[str, object]:
    """The values of the statement's parameters, by name."""
    after = query.after or TickKey(query.start - timedelta(microseconds=1), 0, " ", 0)
    start = max(query.start, after.time)
    return {
        "instrument_id": query.instrument_id,
        "feed": query.feed.code,
        "source_id": query.source_id,
        "start": start,
        "before": start - timedelta(minutes=1),
        "end": query.end,
        "limit": query.limit,
        # One source's candle each in the minute that the range may cut.
        "minutes": query.limit + len(ids_by_rank(query.feed)),
        "after_time": after.time,
        "after_source": after.source_id,
        "after_kind": after.kind,
        "after_seq": after.seq,
    }


async def ticks_from(
    connection: Connection, query: TickQuery, numbers: Numbers = Numbers.FLOAT64
) -> list[TickRow]:
    """The first ticks of the range, ascending."""
    return await _ticks(connection, query, numbers, last=False)


async def ticks_before(
    connection: Connection, query: TickQuery, numbers: Numbers = Numbers.FLOAT64
) -> list[TickRow]:
    """The last ticks of the range, ascending; there must be no `after`."""
    return (await _ticks(connection, query, numbers, last=True))[::-1]


async def _ticks(
    connection: Connection, query: TickQuery, numbers: Numbers, *, last: bool
) -> list[TickRow]:
    forms = ", ".join(_FORMS[numbers].format(name) for name in _PRICES)
    if is_wide(query):
        statement = span_statement(query, last=last).encode()
        cursor = await connection.execute(statement, tick_parameters(query), prepare=False)
        start, end = await cursor.fetchone() or (None, None)
        if start is None:
            return []
        query = narrowed(query, start, end)
    statement = ticks_statement(query, last=last, numbers=forms).encode()
    async with connection.cursor(row_factory=class_row(TickRow)) as rows:
        # Never as a prepared one, whose plan would be for any time, and thus of all partitions.
        await rows.execute(statement, tick_parameters(query), prepare=False)
        return await rows.fetchall()
