"""Loads the candles of a query's symbols, a few symbols at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import pyarrow as pa

from api.market.candles import find_series
from api.market.schemas import CandleParameters
from api.services import ServiceSet
from market.clock import datetime_of, microseconds
from market.instruments import AssetClass
from market.intervals import DAY_US, Interval
from pricing_engine.quant.panel import Member
from pricing_engine.quant.vocabulary import FIELDS
from storage.history import walking
from storage.history.walking import Series

AT_ONCE = 4
"""Symbols of one query that are read at once: other requests find readers too."""
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

    async def load(symbol: str, asked: bool) -> Member:
        async with places:
            candles = await _candles(services, symbol, wanted, fields)
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


async def _candles(
    services: ServiceSet, symbol: str, wanted: Wanted, fields: Sequence[str]
) -> pl.DataFrame:
    """One symbol's candles with its fields: the closes of other sides stand where its own buckets are."""
    candles = await _read(services, symbol, wanted)
    first = wanted.start if candles.is_empty() else candles["time"][0]
    for name in fields:
        side = FIELDS[name].side
        if side is not None:
            sided = replace(wanted, side=side, start=first, before=0)
            found = await _read(services, symbol, sided)
            closes = found.select("time", pl.col("close").alias(name))
            candles = candles.join(closes, on="time", how="left", maintain_order="left")
    return candles


async def _read(services: ServiceSet, symbol: str, wanted: Wanted) -> pl.DataFrame:
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
    series = (await find_series(services, parameters)).series
    reach_us = _reach_us(series, wanted)
    rows = await _walked(_part(series, reach_us, series.range_us[1]))
    there = rows.filter(pl.col("time") < wanted.start).height
    if there >= wanted.before:
        return rows
    # Where the candles before lie further apart than was reached, the rest are looked for.
    older = _part(series, series.range_us[0], reach_us)
    page = await walking.last_page(older, wanted.before - there)
    return pl.concat([_frame(page.rows), rows])


def _reach_us(series: Series, wanted: Wanted) -> int:
    """The bucket from which the range and, most likely, all that is wanted before it can be read."""
    first_us, last_us = series.range_us
    start_us = microseconds(wanted.start)
    if wanted.before:
        pause_us = LONGEST_PAUSE_US if wanted.interval.shortest_us >= PAUSED_FROM_US else 0
        start_us -= wanted.before * wanted.interval.shortest_us * 3 // 2 + pause_us
    if not first_us < start_us < last_us:
        return first_us if start_us <= first_us else last_us
    zone = series.zone
    return microseconds(series.interval.start_of(datetime_of(start_us), zone))


def _part(series: Series, first_us: int, last_us: int) -> Series:
    return replace(series, range_us=(first_us, last_us))


async def _walked(series: Series) -> pl.DataFrame:
    async with aclosing(walking.batches(series)) as batches:
        found = [pa.Table.from_batches([batch]) async for batch in batches]
    return _frame(pa.concat_tables([series.schema.empty_table(), *found]))


def _frame(candles: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(candles.drop_columns(["minutes"]))
    assert isinstance(frame, pl.DataFrame)
    return frame
