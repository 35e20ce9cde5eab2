"""Candles of many instruments by few statements, of those that rollups and the minutes behind them tell.

Who has a rollup that does not stand for its minutes, an hour that was touched since, or a provider's own
bars is left out, and is for `candle_series`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from psycopg import sql

from market.intervals import DAY_US, Interval
from market.sources import Feed
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.bars import divisible_s
from storage.history.electing import numbers_of, ranked, times_of
from storage.history.folding import candle_schema, fold, joined
from storage.history.ranges import Range, moment
from storage.history.units import MINUTES, Level, Subject, levels_for

MAX_ROWS = 1_000_000
"""Rollups that are read at once: they are whole in memory."""
MAX_TAIL_US = 2 * DAY_US
"""How far behind the range's end the rollups may be: so long, minutes are read."""

_NAMES = ("instrument_id", "preference", "time", "source_id")
_NUMBERS = ("open", "high", "low", "close", "volume")
_TYPES = ("int4", "int2", "timestamptz", "int2", *5 * ("numeric",))
_MINUTELY = (*_NAMES, *_NUMBERS, "ticks"), (*_TYPES, "int4")
_ROLLED = (
    (*_NAMES, *_NUMBERS, "ticks", "minutes", "tick_minutes"),
    (*_TYPES, "int8", "int4", "int4"),
)


@dataclass(frozen=True, slots=True)
class UniverseQuery:
    """Candles of instruments of one feed class that open in a range; it begins and ends with a bucket."""

    subjects: Sequence[Subject]
    interval: Interval
    zone: ZoneInfo
    range_us: Range
    numbers: Numbers = Numbers.FLOAT64

    @property
    def feed(self) -> Feed:
        """The feed class."""
        return self.subjects[0].feed

    @property
    def ids(self) -> list[int]:
        """The instruments."""
        return [subject.instrument_id for subject in self.subjects]


@dataclass(frozen=True, slots=True)
class _State:
    """Until when rollups are whole, and who is not told by them."""

    until_us: int
    left_out: frozenset[int]


async def universe_candles(columns: ColumnReader, query: UniverseQuery) -> dict[int, pa.Table]:
    """By instrument its candles, ascending (`folding.candle_schema`); none of who is left out.

    Nobody is told where candles are made of less than hours, where the rollups do not reach into the
    range or end long before it does, and where they are too many. Raises as `ColumnReader.batches`.
    """
    if not query.subjects:
        return {}
    start_us, end_us = query.range_us
    level = levels_for(query.interval, query.range_us, query.zone)[0]
    many = len(query.subjects) * (end_us - start_us) // level.width_us
    if level is MINUTES or start_us >= end_us or many > MAX_ROWS:
        return {}
    state = await _state(columns, query)
    until_us = min(end_us, state.until_us // level.width_us * level.width_us)
    if until_us <= start_us or end_us - until_us > MAX_TAIL_US:
        return {}
    subjects = [each for each in query.subjects if each.instrument_id not in state.left_out]
    rolled = await _rows(columns, subjects, level, (start_us, until_us), query.numbers)
    minutes = await _rows(columns, subjects, MINUTES, (until_us, end_us), query.numbers)
    return await asyncio.to_thread(_told, query, subjects, level, rolled, minutes)


async def known_before(
    columns: ColumnReader, feed: Feed, ids: Sequence[int], at_us: int
) -> set[int]:
    """Which of these instruments have rollups of an hour that opened before an instant."""
    statement = sql.SQL(
        "SELECT id FROM unnest({ids}::int4[]) AS id WHERE EXISTS (SELECT FROM market.candles_1h"
        " WHERE instrument_id = id AND feed = {feed} AND time < {at})"
    ).format(ids=sql.Literal(list(ids)), feed=sql.Literal(feed.code), at=moment(at_us))
    return set(numbers_of(await columns.table(ColumnQuery(statement, ("id",), ("int4",))), "id"))


_STATE = sql.SQL(
    "SELECT until, 0 FROM market.rollup_marks WHERE feed = {feed} AND until IS NOT NULL"
    " UNION ALL SELECT DISTINCT NULL::timestamptz, instrument_id FROM market.touched_hours"
    " WHERE feed = {feed} AND instrument_id = ANY({ids}) AND hour >= {start} AND hour < {end}"
    " UNION ALL SELECT DISTINCT NULL::timestamptz, instrument_id FROM market.bars"
    " WHERE feed = {feed} AND instrument_id = ANY({ids}) AND {divisible} % interval_s = 0"
)


async def _state(columns: ColumnReader, query: UniverseQuery) -> _State:
    statement = _STATE.format(
        feed=sql.Literal(query.feed.code),
        ids=sql.Literal(query.ids),
        start=moment(query.range_us[0]),
        end=moment(query.range_us[1]),
        divisible=sql.Literal(divisible_s(query.interval)),
    )
    asked = ColumnQuery(statement, ("until", "instrument_id"), ("timestamptz", "int4"))
    rows = (await columns.table(asked)).to_pylist()
    untils = [row["until"] for row in rows if row["until"] is not None]
    until_us = round(untils[0].timestamp()) * 1_000_000 if untils else 0
    return _State(until_us, frozenset(row["instrument_id"] for row in rows if row["until"] is None))


async def _rows(
    columns: ColumnReader,
    subjects: Sequence[Subject],
    level: Level,
    range_us: Range,
    numbers: Numbers,
) -> pa.Table:
    """All rows of a level, of every instrument, source and side, in no order."""
    names, types = _MINUTELY if level is MINUTES else _ROLLED
    statements = list(_statements(subjects, level, range_us))
    query = ColumnQuery(sql.SQL(" UNION ALL ").join(statements), names, types)
    if not statements or range_us[0] >= range_us[1]:
        return query.schema(numbers).empty_table()
    return await columns.table(query, numbers=numbers)


def _statements(
    subjects: Sequence[Subject], level: Level, range_us: Range
) -> Iterator[sql.Composed]:
    """One for each side and its place among those that somebody prefers."""
    alike: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for subject in subjects:
        for preference, side in enumerate(subject.sides):
            alike[preference, side].append(subject.instrument_id)
    more = "" if level is MINUTES else ", minutes, tick_minutes"
    for (preference, side), ids in alike.items():
        yield sql.SQL(
            "SELECT instrument_id, {preference}::int2, time, source_id, open, high, low, close, volume,"
            " ticks{more} FROM market.{relation} WHERE instrument_id = ANY({ids}) AND feed = {feed}"
            " AND side = {side} AND time >= {start} AND time < {end}"
        ).format(
            preference=sql.Literal(preference),
            more=sql.SQL(more),
            relation=sql.Identifier(level.relation),
            ids=sql.Literal(ids),
            feed=sql.Literal(subjects[0].feed.code),
            side=sql.Literal(side),
            start=moment(range_us[0]),
            end=moment(range_us[1]),
        )


def _told(
    query: UniverseQuery,
    subjects: Sequence[Subject],
    level: Level,
    rolled: pa.Table,
    minutes: pa.Table,
) -> dict[int, pa.Table]:
    """The candles of those whose rows tell them."""
    schema = candle_schema(query.numbers)
    rollups, tails = _by_instrument(rolled), _by_instrument(minutes)
    found: dict[int, pa.Table] = {}
    for subject in subjects:
        identity = subject.instrument_id
        units = _units(subject.feed, level, rollups.get(identity), tails.get(identity), schema)
        if units is not None:
            starts = query.interval.starts_of(times_of(units), query.zone)
            found[identity] = fold(units, starts, schema)
    return found


def _by_instrument(rows: pa.Table) -> dict[int, pa.Table]:
    if not rows.num_rows:
        return {}
    ids = numbers_of(rows, "instrument_id")
    order = np.argsort(ids, kind="stable")
    rows, ids = rows.take(order).combine_chunks(), ids[order]
    firsts = np.flatnonzero(np.diff(ids, prepend=-1))
    lasts = np.append(firsts[1:], len(ids))
    return {
        int(ids[first]): rows.slice(first, last - first)
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    }


def _units(
    feed: Feed, level: Level, rolled: pa.Table | None, minutes: pa.Table | None, schema: pa.Schema
) -> pa.Table | None:
    """An instrument's elected rows, ascending; None where one of its rollups is not exact."""
    parts: list[pa.Table] = [schema.empty_table()]
    if rolled is not None:
        with_ticks, whole = (numbers_of(rolled, name) for name in ("tick_minutes", "minutes"))
        choice = ranked(rolled, with_ticks > 0, feed)
        best = choice.best
        full = np.where(with_ticks[best] > 0, with_ticks[best], whole[best]) == level.minutes
        if not np.all((choice.counts == 1) | full):
            return None
        parts.append(rolled.take(best))
    if minutes is not None:
        best = ranked(minutes, numbers_of(minutes, "ticks") > 0, feed).best
        ones = pa.array(np.ones(len(best), np.int64))
        parts.append(minutes.take(best).append_column("minutes", ones))
    return joined(parts, schema)
