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
from market.crosses import NoPathError
from market.instruments import AssetClass
from market.intervals import Interval
from pricing_engine.quant.panel import Member
from pricing_engine.quant.vocabulary import FIELDS
from storage.history import walking

AT_ONCE = 2
"""Symbols of one query that are read at once: other requests find readers too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The candles that open in [start, end), and the last `before` ones that open before."""

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
            "start": wanted.start,
            "end": wanted.end,
        }
    )
    series = (await find_series(services, parameters)).series
    found = await _before(services, parameters, wanted)
    async with aclosing(walking.batches(series)) as batches:
        found.extend([pa.Table.from_batches([batch]) async for batch in batches])
    rows = pa.concat_tables([series.schema.empty_table(), *found])
    frame = pl.from_arrow(rows.drop_columns(["minutes"]))
    assert isinstance(frame, pl.DataFrame)
    return frame


async def _before(
    services: ServiceSet, parameters: CandleParameters, wanted: Wanted
) -> list[pa.Table]:
    if not wanted.before:
        return []
    earlier = parameters.model_copy(update={"start": None, "end": wanted.start})
    try:
        series = (await find_series(services, earlier)).series
    except NoPathError:  # a cross rate whose legs were not quoted yet
        return []
    return [(await walking.last_page(series, wanted.before)).rows]
