"""The elected rows that candles are made of: one-minute candles, and rollups where they are exact.

A rollup of an hour or a day stands for its minutes if it is the only one, or if the best one has ticks in
every minute; whatever else is there, and whatever the rollups do not hold yet, is read as minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from psycopg import sql

from market.intervals import DAY_US, HOUR_US, Int64s, Interval, aligned
from market.sources import Feed
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.electing import numbers_of, ranked, times_of
from storage.history.folding import COLUMNS, PRICES, candle_schema, joined
from storage.history.ranges import Range, bounded, moment, runs, within

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is read: an instrument in a feed class, by letters of sides, the preferred one first."""

    instrument_id: int
    feed: Feed
    sides: Sequence[str]


@dataclass(frozen=True, slots=True)
class Level:
    """A table of rows of one width; `minutes` is how many make a full one."""

    relation: str
    width_us: int

    @property
    def minutes(self) -> int:
        """How many minutes a row can hold."""
        return self.width_us // MINUTE_US

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """Those of these names and those that an election asks for, each with its type."""
        rolled = self.width_us > MINUTE_US
        electing = ("minutes", "tick_minutes") if rolled else ("ticks",)
        types = {
            **dict.fromkeys((*PRICES, "volume"), "numeric"),
            "ticks": "int8" if rolled else "int4",
            **({"minutes": "int4", "tick_minutes": "int4"} if rolled else {}),
        }
        return {name: types[name] for name in types if name in names or name in electing}


MINUTES = Level("candles", MINUTE_US)
HOURS = Level("candles_1h", HOUR_US)
DAYS = Level("candles_1d", DAY_US)


def levels_for(interval: Interval, range_us: Range, zone: ZoneInfo) -> list[Level]:
    """From the widest rows that the buckets of this range can be made of down to minutes."""
    return [
        *(level for level in (DAYS, HOURS) if aligned(interval, range_us, zone, level.width_us)),
        MINUTES,
    ]


async def read_units(
    columns: ColumnReader,
    subject: Subject,
    levels: Sequence[Level],
    range_us: Range,
    numbers: Numbers,
    names: Sequence[str] = COLUMNS,
) -> pa.Table:
    """The elected rows of a range that begins and ends with a row of every level, ascending.

    Columns: `time` and these of `candle_schema`; no others are read.
    """
    schema = candle_schema(numbers, names)
    parts: list[pa.Table] = []
    missing = [range_us]
    state = None
    if len(levels) > 1:
        state = await _rollup_state(columns, subject, range_us)
    for level in levels[:-1]:
        assert state is not None
        found, missing = await _rollups(columns, subject, level, missing, state, numbers, names)
        parts.append(found)
    if missing:
        rows = await elected_minutes(columns, subject, missing, numbers, names)
        parts.append(rows.append_column("minutes", pa.array(np.ones(rows.num_rows, np.int64))))
    return joined(parts, schema) if parts else schema.empty_table()


async def elected_minutes(
    columns: ColumnReader,
    subject: Subject,
    ranges: list[Range],
    numbers: Numbers,
    names: Sequence[str] = COLUMNS,
) -> pa.Table:
    """The elected one-minute candles that open in these ranges, ascending.

    Beside their numbers they have `ticks`, `source_id` and `preference`, the place of their side.
    """
    rows = await _read(columns, subject, MINUTES, ranges, numbers, names)
    best = ranked(rows, numbers_of(rows, "ticks") > 0, subject.feed).best
    return rows if len(best) == rows.num_rows else rows.take(best)


@dataclass(frozen=True, slots=True)
class _State:
    until_us: int
    touched: Int64s


_NO_TIMES = np.array([], np.int64)


async def _rollup_state(columns: ColumnReader, subject: Subject, range_us: Range) -> _State:
    """Until when rollups are whole, and which hours before that they do not hold as they are."""
    statement = sql.SQL(
        "SELECT until, true FROM market.rollup_marks WHERE feed = {feed} AND until IS NOT NULL"
        " UNION ALL SELECT DISTINCT hour, false FROM market.touched_hours WHERE feed = {feed}"
        " AND instrument_id = {instrument} AND hour >= {start} AND hour < {end}"
    ).format(
        feed=sql.Literal(subject.feed.code),
        instrument=sql.Literal(subject.instrument_id),
        start=moment(range_us[0]),
        end=moment(range_us[1]),
    )
    rows = await columns.table(ColumnQuery(statement, ("time", "mark"), ("timestamptz", "bool")))
    times, marks = times_of(rows), rows.column("mark").to_numpy()
    return _State(int(times[marks].max(initial=0)), times[~marks])


async def _rollups(
    columns: ColumnReader,
    subject: Subject,
    level: Level,
    ranges: list[Range],
    state: _State,
    numbers: Numbers,
    names: Sequence[str],
) -> tuple[pa.Table, list[Range]]:
    """The rows of a level that stand for their minutes, and the ranges that must be read below it."""
    until_us = state.until_us // level.width_us * level.width_us
    whole = within(ranges, 0, until_us)
    rest = within(ranges, until_us, max(end for _, end in ranges)) if ranges else []
    rows = await _read(columns, subject, level, whole, numbers, names)
    tick_minutes, minutes = (numbers_of(rows, name) for name in ("tick_minutes", "minutes"))
    choice = ranked(rows, tick_minutes > 0, subject.feed)
    best = choice.best
    full = np.where(tick_minutes[best] > 0, tick_minutes[best], minutes[best]) == level.minutes
    times = times_of(rows)[best]
    stale = np.unique(state.touched // level.width_us * level.width_us)
    stands = ((choice.counts == 1) | full) & ~np.isin(times, stale)
    below = np.concatenate([times[~stands], _inside(stale, whole)])
    return rows.take(best[stands]), runs(below, level.width_us) + rest


def _inside(times: Int64s, ranges: list[Range]) -> Int64s:
    chosen = [times[(times >= start) & (times < end)] for start, end in ranges]
    return np.concatenate(chosen) if chosen else _NO_TIMES


async def _read(
    columns: ColumnReader,
    subject: Subject,
    level: Level,
    ranges: list[Range],
    numbers: Numbers,
    wanted: Sequence[str],
) -> pa.Table:
    """All rows of a level in these ranges, of every source and side, in no order."""
    read = level.columns(wanted)
    names, types = ("time", "source_id", *read), ("timestamptz", "int2", *read.values())
    pieces = bounded(ranges)
    statement = sql.SQL(" UNION ALL ").join(
        _statement(names, level, subject, preference, piece)
        for piece in pieces
        for preference in range(len(subject.sides))
    )
    if len(subject.sides) > 1:
        names, types = (*names, "preference"), (*types, "int2")
    query = ColumnQuery(statement, names, types)
    if pieces:
        rows = (await columns.table(query, numbers=numbers)).combine_chunks()
    else:
        rows = query.schema(numbers).empty_table()
    if len(subject.sides) == 1:
        rows = rows.append_column("preference", pa.array(np.zeros(rows.num_rows, np.int16)))
    if pieces == ranges:
        return rows
    times = times_of(rows)
    inside = np.zeros(len(times), bool)
    for start, end in ranges:
        inside |= (times >= start) & (times < end)
    return rows.filter(pa.array(inside))


def _statement(
    names: Sequence[str], level: Level, subject: Subject, preference: int, piece: Range
) -> sql.Composed:
    read: list[sql.Composable] = [sql.Identifier(name) for name in names]
    if len(subject.sides) > 1:
        read.append(sql.SQL("{}::int2").format(sql.Literal(preference)))
    return sql.SQL(
        "SELECT {read} FROM market.{relation} WHERE instrument_id = {instrument} AND feed = {feed}"
        " AND side = {side} AND time >= {start} AND time < {end}"
    ).format(
        read=sql.SQL(", ").join(read),
        relation=sql.Identifier(level.relation),
        instrument=sql.Literal(subject.instrument_id),
        feed=sql.Literal(subject.feed.code),
        side=sql.Literal(subject.sides[preference]),
        start=moment(piece[0]),
        end=moment(piece[1]),
    )
