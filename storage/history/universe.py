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

from market.intervals import DAY_US, Int64s, Interval
from market.sources import Feed
from storage.columns import ColumnQuery, ColumnReader, Numbers
from storage.history.bars import divisible_s
from storage.history.electing import numbers_of, ranked, times_of
from storage.history.folding import COLUMNS, begins, candle_schema, fold
from storage.history.ranges import Range, moment
from storage.history.units import MINUTES, Level, Subject, levels_for

MAX_ROWS = 1_000_000
"""Rollups that are read at once: they are whole in memory."""
MAX_TAIL_US = 2 * DAY_US
"""How far behind the range's end the rollups may be: so long, minutes are read."""

_NAMES = ("instrument_id", "preference", "time", "source_id")
_TYPES = ("int4", "int2", "timestamptz", "int2")


@dataclass(frozen=True, slots=True)
class UniverseQuery:
    """Candles of instruments of one feed class that open in a range; it begins and ends with a bucket."""

    subjects: Sequence[Subject]
    interval: Interval
    zone: ZoneInfo
    range_us: Range
    numbers: Numbers = Numbers.FLOAT64
    names: Sequence[str] = COLUMNS
    """The columns beside `time`: no others are read."""

    @property
    def feed(self) -> Feed:
        """The feed class."""
        return self.subjects[0].feed

    @property
    def ids(self) -> list[int]:
        """The instruments."""
        return [subject.instrument_id for subject in self.subjects]


@dataclass(frozen=True, slots=True)
class UniverseCandles:
    """`rows` are all candles, one instrument's after another's, each ascending (`folding.candle_schema`).

    `parts` is by instrument where its own begin and how many they are; who is left out is not there.
    """

    rows: pa.Table
    parts: dict[int, tuple[int, int]]

    def of(self, instrument_id: int) -> pa.Table:
        """An instrument's candles."""
        return self.rows.slice(*self.parts[instrument_id])


@dataclass(frozen=True, slots=True)
class _State:
    """Until when rollups are whole, and who is not told by them."""

    until_us: int
    left_out: frozenset[int]


async def universe_candles(columns: ColumnReader, query: UniverseQuery) -> UniverseCandles:
    """The candles of all that are not left out.

    Nobody is told where candles are made of less than hours, where the rollups do not reach into the
    range or end long before it does, and where they are too many. Raises as `ColumnReader.batches`.
    """
    nobody = UniverseCandles(candle_schema(query.numbers, query.names).empty_table(), {})
    if not query.subjects:
        return nobody
    start_us, end_us = query.range_us
    level = levels_for(query.interval, query.range_us, query.zone)[0]
    many = len(query.subjects) * (end_us - start_us) // level.width_us
    if level is MINUTES or start_us >= end_us or many > MAX_ROWS:
        return nobody
    state = await _state(columns, query)
    until_us = min(end_us, state.until_us // level.width_us * level.width_us)
    if until_us <= start_us or end_us - until_us > MAX_TAIL_US:
        return nobody
    subjects = [each for each in query.subjects if each.instrument_id not in state.left_out]
    rolled = await _rows(columns, query, subjects, level, (start_us, until_us))
    minutes = await _rows(columns, query, subjects, MINUTES, (until_us, end_us))
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
    query: UniverseQuery,
    subjects: Sequence[Subject],
    level: Level,
    range_us: Range,
) -> pa.Table:
    """All rows of a level, of every instrument, source and side, in no order."""
    types = dict(zip(_NAMES, _TYPES, strict=True)) | level.columns(query.names)
    statements = list(_statements(subjects, level, range_us, list(level.columns(query.names))))
    asked = ColumnQuery(sql.SQL(" UNION ALL ").join(statements), tuple(types), (*types.values(),))
    if not statements or range_us[0] >= range_us[1]:
        return asked.schema(query.numbers).empty_table()
    return await columns.table(asked, numbers=query.numbers)


def _statements(
    subjects: Sequence[Subject], level: Level, range_us: Range, names: Sequence[str]
) -> Iterator[sql.Composed]:
    """One for each side and its place among those that somebody prefers."""
    alike: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for subject in subjects:
        for preference, side in enumerate(subject.sides):
            alike[preference, side].append(subject.instrument_id)
    for (preference, side), ids in alike.items():
        yield sql.SQL(
            "SELECT instrument_id, {preference}::int2, time, source_id, {names} FROM market.{relation}"
            " WHERE instrument_id = ANY({ids}) AND feed = {feed} AND side = {side}"
            " AND time >= {start} AND time < {end}"
        ).format(
            preference=sql.Literal(preference),
            names=sql.SQL(", ").join(map(sql.Identifier, names)),
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
) -> UniverseCandles:
    """The candles of those whose rows tell them."""
    schema = candle_schema(query.numbers, query.names)
    rolled, inexact = _elected_rollups(query.feed, level, rolled)
    minutes = _elected_minutes(query.feed, minutes)
    units = pa.concat_tables(
        [rows.select(["instrument_id", *schema.names]) for rows in (rolled, minutes)],
        promote_options="permissive",
    )
    ids = numbers_of(units, "instrument_id")
    if minutes.num_rows:
        # An instrument's minutes follow its rollups in time.
        order = np.argsort(ids, kind="stable")
        units, ids = units.take(order), ids[order]
    starts = query.interval.starts_of(times_of(units), query.zone)
    owners = ids[begins(starts, ids)]
    told = np.array([s.instrument_id for s in subjects if s.instrument_id not in inexact], np.int64)
    firsts, ends = (np.searchsorted(owners, told, side=side) for side in ("left", "right"))
    parts = zip(told.tolist(), firsts.tolist(), (ends - firsts).tolist(), strict=True)
    return UniverseCandles(
        rows=fold(units, starts, schema, ids),
        parts={identity: (first, count) for identity, first, count in parts},
    )


def _elected_rollups(feed: Feed, level: Level, rows: pa.Table) -> tuple[pa.Table, set[int]]:
    """The elected rows, one instrument after the other, and of whom one is not exact."""
    ids, with_ticks, whole = (
        numbers_of(rows, name) for name in ("instrument_id", "tick_minutes", "minutes")
    )
    choice = ranked(rows, with_ticks > 0, feed, ids)
    best = choice.best
    full = np.where(with_ticks[best] > 0, with_ticks[best], whole[best]) == level.minutes
    return _taken(rows, best), set(ids[best][(choice.counts > 1) & ~full].tolist())


def _elected_minutes(feed: Feed, rows: pa.Table) -> pa.Table:
    of_ticks = numbers_of(rows, "ticks") > 0
    best = ranked(rows, of_ticks, feed, numbers_of(rows, "instrument_id")).best
    return _taken(rows, best).append_column("minutes", pa.array(np.ones(len(best), np.int64)))


def _taken(rows: pa.Table, chosen: Int64s) -> pa.Table:
    every = len(chosen) == rows.num_rows and bool(np.all(np.diff(chosen) > 0))
    return rows if every else rows.take(chosen)
