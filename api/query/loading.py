"""Loads the candles of a query's symbols, a few symbols at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa

from api.market.candles import find_series, sides_of
from api.market.schemas import CandleParameters
from api.services import ServiceSet
from market.clock import datetime_of, microseconds
from market.instruments import AssetClass
from market.intervals import DAY_US, Interval
from pricing_engine.quant.panel import Member
from pricing_engine.quant.vocabulary import FIELDS
from storage.history import walking
from storage.history.folding import COLUMNS
from storage.history.units import Subject
from storage.history.universe import UniverseQuery, known_before, universe_candles
from storage.history.walking import Series

AT_ONCE = 2
"""Symbols of one query that are read at once, each by two readers: other requests find readers too."""
TOGETHER_FROM = 3
"""Fewer instruments are read one by one: nothing would be saved."""
LONGEST_PAUSE_US = 4 * DAY_US
"""A long weekend: candles before a start may lie that much further back."""
PAUSED_FROM_US = 60_000_000
"""Of shorter intervals candles are made of ticks, of which nobody reads four days for a window."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The candles that open in [start, end), and at least the last `before` ones that open before."""

    interval: Interval
    timezone: str
    side: str | None
    start: datetime
    end: datetime
    before: int


async def load_members(
    services: ServiceSet,
    symbols: Sequence[tuple[str, bool]],
    wanted: Wanted,
    fields: Sequence[str],
) -> list[Member]:
    """The members of the panel in the order of `symbols`, each with whether it is asked for.

    NoPathError where a pair is crossed and nothing leads there; and what `ColumnReader.batches` raises.
    """
    places = asyncio.Semaphore(AT_ONCE)
    together = await _together(services, [symbol for symbol, _ in symbols], wanted, fields)

    async def load(symbol: str, asked: bool) -> Member:
        candles = together.get(symbol)
        if candles is None or _sided(fields):
            async with places:
                candles = await _candles(services, symbol, wanted, fields, candles)
        return Member(symbol, _class_of(services, symbol), candles, asked)

    tasks = [asyncio.ensure_future(load(symbol, asked)) for symbol, asked in symbols]
    try:
        return await asyncio.gather(*tasks)
    finally:
        # Where one has failed, the others have nothing to read for.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _class_of(services: ServiceSet, symbol: str) -> AssetClass:
    """That of an instrument; any other symbol is a pair of currencies."""
    instruments = services.board.instruments
    if symbol in instruments:
        return instruments.by_symbol(symbol).asset_class
    return AssetClass.FX


async def _together(
    services: ServiceSet, symbols: Sequence[str], wanted: Wanted, fields: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """The candles of those symbols that can be read by few statements for all of them."""
    board, interval, zone = services.board, wanted.interval, ZoneInfo(wanted.timezone)
    instruments = [
        board.instruments.by_symbol(each) for each in symbols if each in board.instruments
    ]
    if len(instruments) < TOGETHER_FROM:
        return {}
    reach = interval.start_of(datetime_of(_reach_us(wanted)), zone)
    start = reach if wanted.before else interval.first_from(wanted.start, zone)
    range_us = (microseconds(start), microseconds(interval.first_from(wanted.end, zone)))
    subjects = [Subject(each.id, board.feed, sides_of(each, wanted.side)) for each in instruments]
    query = UniverseQuery(subjects, interval, zone, range_us, names=_columns(fields))
    found = await universe_candles(services.columns, query)
    # One frame of all, of which each has a slice: to make one of every instrument's rows takes longer.
    candles = _frame(found.rows)
    frames = {each: candles.slice(*part) for each, part in found.parts.items()}
    short = [each for each, rows in frames.items() if _before(rows, wanted) < wanted.before]
    if short:
        older = await known_before(services.columns, board.feed, short, range_us[0])
        frames = {each: rows for each, rows in frames.items() if each not in older}
    return {each.symbol: frames[each.id] for each in instruments if each.id in frames}


def _before(candles: pl.DataFrame, wanted: Wanted) -> int:
    """How many candles open before the start."""
    times = candles["time"].to_physical().to_numpy()
    return int(np.searchsorted(times, microseconds(wanted.start)))


def _columns(fields: Sequence[str]) -> tuple[str, ...]:
    """The candles' columns that the fields are of."""
    return tuple(name for name in fields if name in COLUMNS)


def _sided(fields: Sequence[str]) -> bool:
    return any(FIELDS[name].side is not None for name in fields)


async def _candles(
    services: ServiceSet,
    symbol: str,
    wanted: Wanted,
    fields: Sequence[str],
    candles: pl.DataFrame | None,
) -> pl.DataFrame:
    """One symbol's candles with its fields: the closes of other sides stand where its own buckets are."""
    if candles is None:
        candles = await _read(services, symbol, wanted, _columns(fields))
    first = wanted.start if candles.is_empty() else candles["time"][0]
    for name in fields:
        side = FIELDS[name].side
        if side is not None:
            sided = replace(wanted, side=side, start=first, before=0)
            found = await _read(services, symbol, sided, ("close",))
            closes = found.select("time", pl.col("close").alias(name))
            candles = candles.join(closes, on="time", how="left", maintain_order="left")
    return candles


async def _read(
    services: ServiceSet, symbol: str, wanted: Wanted, columns: Sequence[str]
) -> pl.DataFrame:
    parameters = CandleParameters.model_validate(
        {
            "symbol": symbol,
            "interval": wanted.interval,
            "timezone": wanted.timezone,
            "side": wanted.side,
            "start": None if wanted.before else wanted.start,
            "end": wanted.end,
        }
    )
    series = (await find_series(services, parameters)).series.only(columns)
    reach_us = _bucket_us(series, _reach_us(wanted))
    rows = _frame(await walking.whole(_part(series, reach_us, series.range_us[1])))
    there = _before(rows, wanted)
    if there >= wanted.before:
        return rows
    # Where the candles before lie further apart than was reached, the rest are looked for.
    older = _part(series, series.range_us[0], reach_us)
    page = await walking.last_page(older, wanted.before - there, sparse=True)
    return pl.concat([_frame(page.rows), rows])


def _reach_us(wanted: Wanted) -> int:
    """From where the range and, most likely, all that is wanted before it can be read."""
    start_us = microseconds(wanted.start)
    if not wanted.before:
        return start_us
    pause_us = LONGEST_PAUSE_US if wanted.interval.shortest_us >= PAUSED_FROM_US else 0
    return max(0, start_us - wanted.before * wanted.interval.shortest_us * 3 // 2 - pause_us)


def _bucket_us(series: Series, time_us: int) -> int:
    """The bucket of a series that holds an instant, or the end that is next to it."""
    first_us, last_us = series.range_us
    if first_us < time_us < last_us:
        return microseconds(series.interval.start_of(datetime_of(time_us), series.zone))
    return first_us if time_us <= first_us else last_us


def _part(series: Series, first_us: int, last_us: int) -> Series:
    return replace(series, range_us=(first_us, last_us))


def _frame(candles: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(candles)
    assert isinstance(frame, pl.DataFrame)
    return frame
