"""From candles of each symbol to the table of all: which rows there are, and what a hole holds.

`own`: the buckets that a symbol has. `union`: every bucket that any of the symbols has. `full`: every
bucket of the calendar. What a symbol does not have is null, or its last known prices, held for `max_age`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from market.instruments import AssetClass
from market.intervals import DAY_US, Interval
from pricing_engine.quant.moments import Int64s
from pricing_engine.quant.periods import periods_per_year
from pricing_engine.quant.table import SYMBOL, TIME, Table, distinct

INSTANT = pl.Datetime("us", "UTC")
_STEP_US = DAY_US // 2
"""No day of a clock change is so short that a step of 12 hours passes it by."""
_BAR = ("open", "high", "low")
_COUNTS = ("volume", "ticks")


class Grid(StrEnum):
    """Which rows a symbol has."""

    OWN = "own"
    UNION = "union"
    FULL = "full"


class Fill(StrEnum):
    """What a symbol has in a row of the grid without a bucket of its own."""

    NONE = "none"
    LAST = "last"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Span:
    """The buckets that open in [start, end), and how many rows before them are needed."""

    start_us: int
    end_us: int
    interval: Interval
    zone: ZoneInfo
    lookback: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A symbol: `candles` has `time` (ascending) and its price fields; of a benchmark, `asked` is False."""

    symbol: str
    asset_class: AssetClass
    candles: pl.DataFrame
    asked: bool = True


def panel(
    members: Sequence[Member],
    span: Span,
    fields: Sequence[str],
    grid: Grid = Grid.OWN,
    fill: Fill = Fill.NONE,
    max_age_us: int = 7 * DAY_US,
) -> Table:
    """The table of these members, the asked ones first.

    Rows reach from `lookback` rows before the start, where there are so many, to the end. Fill LAST holds
    close, bid, ask and mid, the bar itself being null; FLAT is a bar in which nothing moved: open = high =
    low = close, volume and ticks 0. Neither holds a price for longer than `max_age_us` after the bucket in
    which it was known opened; `age_s` says how long.
    """
    members = sorted(members, key=lambda member: not member.asked)
    names = tuple(member.symbol for member in members)
    times = None if grid is Grid.OWN else _grid(members, span, grid)
    wanted = [name for name in fields if name != "age_s"]
    frames = [
        _rows(member, span, wanted, times, fill, max_age_us).with_columns(
            pl.lit(member.symbol, pl.Enum(names)).alias(SYMBOL)
        )
        for member in members
    ]
    return Table(
        frame=pl.concat(frames).select(SYMBOL, TIME, "age_s", *wanted),
        symbols=names,
        universe=sum(member.asked for member in members),
        start_us=span.start_us,
        interval=span.interval,
        zone=span.zone,
        periods=tuple(periods_per_year(span.interval, each.asset_class) for each in members),
    )


def bucket_starts(interval: Interval, first_us: int, end_us: int, zone: ZoneInfo) -> Int64s:
    """Where every bucket starts that starts in [first, end), ascending."""
    if first_us >= end_us:
        return np.zeros(0, np.int64)
    step = interval.width_us or _STEP_US
    starts = interval.starts_of(np.append(np.arange(first_us, end_us, step), end_us - 1), zone)
    starts = distinct(starts)
    return starts[starts >= first_us]


def _grid(members: Sequence[Member], span: Span, grid: Grid) -> Int64s:
    if grid is Grid.FULL:
        # Nothing is known of the time before 1970, and some lookbacks reach beyond the calendar.
        first_us = max(0, span.start_us - span.lookback * span.interval.longest_us)
        starts = bucket_starts(span.interval, first_us, span.end_us, span.zone)
        return _with_lookback(starts, span)
    own = [_times(member.candles) for member in members if member.asked]
    return _with_lookback(distinct(np.concatenate(own)), span)


def _times(candles: pl.DataFrame) -> Int64s:
    return candles[TIME].cast(INSTANT).to_physical().to_numpy()


def _with_lookback(times: Int64s, span: Span) -> Int64s:
    """Those from the start to the end, and the last `lookback` before."""
    first, last = np.searchsorted(times, (span.start_us, span.end_us))
    return times[max(0, int(first) - span.lookback) : int(last)]


def _rows(
    member: Member,
    span: Span,
    fields: Sequence[str],
    times: Int64s | None,
    fill: Fill,
    max_age_us: int,
) -> pl.DataFrame:
    """A member's rows: `time`, `age_s` and the fields as floats."""
    candles = member.candles.select(
        pl.col(TIME).cast(INSTANT), *(pl.col(name).cast(pl.Float64) for name in fields)
    )
    if times is None:
        every = _times(candles)
        own = _with_lookback(every, span)
        first = np.searchsorted(every, own[0]) if len(own) else 0
        return candles.slice(int(first), len(own)).with_columns(age_s=pl.lit(0.0))
    rows = pl.DataFrame({TIME: pl.Series(times).cast(INSTANT)})
    held = candles.with_columns(at=pl.col(TIME))
    if fill is Fill.NONE:
        joined = rows.join(held, on=TIME, how="left", maintain_order="left")
        return joined.with_columns(age_s=_age()).drop("at")
    joined = rows.join_asof(held, on=TIME, strategy="backward", tolerance=f"{max_age_us}us")
    return joined.with_columns(age_s=_age()).with_columns(_filled(fields, fill)).drop("at")


def _age() -> pl.Expr:
    return (pl.col(TIME) - pl.col("at")).dt.total_microseconds() / 1e6


def _filled(fields: Sequence[str], fill: Fill) -> list[pl.Expr]:
    """What the fields are in rows that hold an earlier bucket's prices."""
    held = pl.col("age_s") > 0
    flat = fill is Fill.FLAT
    empty = pl.lit(None, pl.Float64)
    bar = pl.col("close") if flat else empty
    count = pl.lit(0.0) if flat else empty
    return [
        pl.when(held).then(bar if name in _BAR else count).otherwise(pl.col(name)).alias(name)
        for name in fields
        if name in (*_BAR, *_COUNTS)
    ]
