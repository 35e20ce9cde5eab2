"""Between which times there is anything of an instrument: what bounds a walk through its candles.

Hours that are rolled up are looked for in the rollups: the minutes lie in a partition a month, and to plan
a look at all of them costs more than the look.
"""

from dataclasses import dataclass

from psycopg import sql

from market.intervals import DAY_US, HOUR_US
from storage.columns import ColumnQuery, ColumnReader
from storage.history.electing import times_of
from storage.history.ranges import Range, moment
from storage.history.units import MINUTE_US, Subject


@dataclass(frozen=True, slots=True)
class Extent:
    """A range that holds all that there is in another; the sides that may be there, none if it is empty;
    and whether bars are among it."""

    range_us: Range
    sides: tuple[str, ...]
    bars: bool


_NAMES = ("time", "side", "kind")
_TYPES = ("timestamptz", "text", "text")

_MARK = "SELECT until, '', 'mark' FROM market.rollup_marks WHERE feed = {feed}"
_TOUCHED = (
    "SELECT unnest(ARRAY[min(hour), max(hour)]), '', 'hour' FROM market.touched_hours"
    " WHERE feed = {feed} AND instrument_id = {instrument} AND hour >= {start} AND hour < {end}"
)
_ENDS = (
    "(SELECT time, {side}, {kind} FROM market.{relation} WHERE {place} ORDER BY time LIMIT 1)"
    " UNION ALL"
    " (SELECT time, {side}, {kind} FROM market.{relation} WHERE {place} ORDER BY time DESC LIMIT 1)"
)
_BARS = (
    "SELECT unnest(ARRAY[min(time), max(time)]), {side}, 'bar' FROM market.bars"
    " WHERE {place} AND {divisible} % interval_s = 0"
)
_PLACE = (
    "instrument_id = {instrument} AND feed = {feed} AND side = {side}"
    " AND time >= {start} AND time < {end}"
)
_LENGTHS_US = {"hour": HOUR_US, "minute": MINUTE_US}
_BAR_SHIFT_US = DAY_US
"""A date may begin so much earlier or later than in UTC."""


async def extent_of(
    columns: ColumnReader, subject: Subject, divisible_s: int, range_us: Range
) -> Extent:
    """Of candles and of bars whose length divides `divisible_s`, within the range."""
    start_us, end_us = range_us
    if start_us >= end_us:
        return Extent((0, 0), (), bars=False)
    rolled = await _found(columns, _rolled(subject, divisible_s, range_us))
    until_us = max((time for time, _, kind in rolled if kind == "mark"), default=0)
    minutes = await _found(columns, _minutes(subject, (max(start_us, until_us), end_us)))
    return _extent(subject, [*rolled, *minutes])


Found = tuple[int, str, str]
"""When, of which side, and what was found."""


def _extent(subject: Subject, found: list[Found]) -> Extent:
    ranges = [(time, time + _LENGTHS_US[kind]) for time, _, kind in found if kind in _LENGTHS_US]
    bars = [time for time, _, kind in found if kind == "bar"]
    ranges += [(time - _BAR_SHIFT_US, time + _BAR_SHIFT_US + 1) for time in bars]
    if not ranges:
        return Extent((0, 0), (), bars=False)
    known = {side for _, side, kind in found if kind != "mark"}
    # Of an hour that was touched it is not known which sides it has.
    sides = tuple(subject.sides if "" in known else (s for s in subject.sides if s in known))
    first, last = min(start for start, _ in ranges), max(end for _, end in ranges)
    return Extent((first, last), sides, bars=bool(bars))


async def _found(columns: ColumnReader, statement: sql.Composed) -> list[Found]:
    whole = sql.SQL("SELECT * FROM ({}) AS found (time, side, kind) WHERE time IS NOT NULL").format(
        statement
    )
    rows = await columns.table(ColumnQuery(whole, _NAMES, _TYPES))
    names = (rows.column(name).to_pylist() for name in ("side", "kind"))
    return list(zip(times_of(rows).tolist(), *names, strict=True))


def _rolled(subject: Subject, divisible_s: int, range_us: Range) -> sql.Composed:
    hours = (range_us[0] // HOUR_US * HOUR_US, range_us[1])
    around = (range_us[0] - _BAR_SHIFT_US, range_us[1] + _BAR_SHIFT_US)
    parts = [
        sql.SQL(text).format(
            feed=sql.Literal(subject.feed.code),
            instrument=sql.Literal(subject.instrument_id),
            start=moment(hours[0]),
            end=moment(hours[1]),
        )
        for text in (_MARK, _TOUCHED)
    ]
    for side in subject.sides:
        parts.append(_ends(subject, side, "candles_1h", "hour", hours))
        place = _place(subject, side, around)
        divisible = sql.Literal(divisible_s)
        parts.append(
            sql.SQL(_BARS).format(side=sql.Literal(side), place=place, divisible=divisible)
        )
    return sql.SQL(" UNION ALL ").join(parts)


def _minutes(subject: Subject, range_us: Range) -> sql.Composed:
    parts = [_ends(subject, side, "candles", "minute", range_us) for side in subject.sides]
    return sql.SQL(" UNION ALL ").join(parts)


def _ends(subject: Subject, side: str, relation: str, kind: str, range_us: Range) -> sql.Composed:
    return sql.SQL(_ENDS).format(
        side=sql.Literal(side),
        kind=sql.Literal(kind),
        relation=sql.Identifier(relation),
        place=_place(subject, side, range_us),
    )


def _place(subject: Subject, side: str, range_us: Range) -> sql.Composed:
    return sql.SQL(_PLACE).format(
        instrument=sql.Literal(subject.instrument_id),
        feed=sql.Literal(subject.feed.code),
        side=sql.Literal(side),
        start=moment(range_us[0]),
        end=moment(range_us[1]),
    )
