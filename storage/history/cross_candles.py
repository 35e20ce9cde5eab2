"""Candles of a pair that nobody quotes, made of the one-minute candles of the pairs that lead there.

A sample is taken of every minute in which a leg has moved, of each leg's last close: bids multiply with
bids and asks with asks, a leg that is used the other way round is turned (bid = 1 / ask), the mid lies
between. A close is held for `HELD_US` at most: while a leg's last is older than that, the cross has no
price. Samples are computed in float64 and shown with ten digits, more than a leg has.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market.clock import microseconds
from market.intervals import DAY_US, HOUR_US, Int64s, Interval
from market.sources import Feed
from storage.columns import ColumnReader, Numbers
from storage.history.candles import CandleQuery, candle_series
from storage.history.electing import numbers_of, times_of
from storage.history.folding import PRICES, candle_schema, fold
from storage.history.ranges import Range
from storage.history.units import MINUTES, Subject, read_units
from storage.history.walking import Series

HELD_US = 2 * HOUR_US
"""As old as the price of a provider of hourly rates may be before it counts as stale."""
SLICE_US = 7 * DAY_US
SIGNIFICANT_DIGITS = 10

Floats = npt.NDArray[np.float64]

# Where there is no quote, a provider's mid or a computed rate stands for both.
_BIDS = ("b", "m", "t")
_ASKS = ("a", "m", "t")
_ANY = ("m", "t")


class CrossSide(StrEnum):
    """What of a cross its candles show."""

    MID = "mid"
    BID = "bid"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class CrossLeg:
    """A pair that a cross goes through; `inverted`: the other way round."""

    instrument_id: int
    inverted: bool


@dataclass(frozen=True, slots=True)
class CrossQuery:
    """Candles of a cross that open in [start, end); `interval` is of whole minutes."""

    legs: Sequence[CrossLeg]
    feed: Feed
    side: CrossSide
    interval: Interval
    zone: ZoneInfo
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class LegMinutes:
    """The minutes in which a leg moved, ascending; all (n,): openings, closes, and how many ticks."""

    times: Int64s
    bids: Floats
    asks: Floats
    ticks: Int64s


@dataclass(frozen=True, slots=True)
class Samples:
    """What a cross was worth at the end of minutes; all (n,)."""

    times: Int64s
    bids: Floats
    asks: Floats
    ticks: Int64s


async def cross_series(columns: ColumnReader, query: CrossQuery, numbers: Numbers) -> Series:
    """The candles of the query as a series; `ticks` are those of all legs, `minutes` the samples."""
    interval, zone = query.interval, query.zone
    start = microseconds(interval.first_from(query.start, zone))
    end = microseconds(interval.first_from(query.end, zone))
    extents = [await _extent(columns, query, leg) for leg in query.legs]
    range_us = (0, 0)
    if all(first < last for first, last in extents):
        ends = np.array([max(first for first, _ in extents), max(last for _, last in extents) - 1])
        starts = interval.starts_of(ends, zone)
        range_us = (max(start, int(starts[0])), min(end, int(interval.ends_of(starts, zone)[1])))
    return Series(
        interval=interval,
        zone=zone,
        range_us=range_us,
        slice_us=SLICE_US,
        schema=candle_schema(numbers),
        read=partial(_read, columns, query),
    )


def sampled(legs: Sequence[tuple[CrossLeg, LegMinutes]]) -> Samples:
    """The samples of a cross at the minutes in which a leg moved and all have a close that holds."""
    times = np.unique(np.concatenate([minutes.times for _, minutes in legs]))
    bids, asks = np.ones(len(times)), np.ones(len(times))
    ticks, held = np.zeros(len(times), np.int64), np.ones(len(times), bool)
    for leg, minutes in legs:
        if not len(minutes.times):
            return Samples(times[:0], bids[:0], asks[:0], ticks[:0])
        place = np.searchsorted(minutes.times, times, side="right") - 1
        age_us = times - minutes.times[place]
        held &= (place >= 0) & (age_us <= HELD_US)
        bid, ask = minutes.bids[place], minutes.asks[place]
        bids, asks = (bids / ask, asks / bid) if leg.inverted else (bids * bid, asks * ask)
        ticks += np.where(age_us == 0, minutes.ticks[place], 0)
    return Samples(times[held], bids[held], asks[held], ticks[held])


async def _extent(columns: ColumnReader, query: CrossQuery, leg: CrossLeg) -> Range:
    minutes = CandleQuery(
        instrument_id=leg.instrument_id,
        feed=query.feed,
        sides=_ANY,
        interval=Interval.parse("1m"),
        zone=query.zone,
        # A close may have been made before the range and hold within it.
        start=query.start - timedelta(microseconds=HELD_US),
        end=query.end,
    )
    return (await candle_series(columns, minutes, Numbers.FLOAT64)).range_us


async def _read(
    columns: ColumnReader, query: CrossQuery, range_us: Range, schema: pa.Schema
) -> pa.Table:
    """The candles of the buckets that make up the range."""
    legs = [(leg, await _minutes(columns, query.feed, leg, range_us)) for leg in query.legs]
    return await asyncio.to_thread(_candles, query, legs, range_us, schema)


async def _minutes(columns: ColumnReader, feed: Feed, leg: CrossLeg, range_us: Range) -> LegMinutes:
    before = (range_us[0] - HELD_US, range_us[1])
    bids, asks = [
        await read_units(
            columns, Subject(leg.instrument_id, feed, sides), [MINUTES], before, Numbers.FLOAT64
        )
        for sides in (_BIDS, _ASKS)
    ]
    # The same minutes have both, unless one was written between the two answers.
    times, first, second = np.intersect1d(times_of(bids), times_of(asks), return_indices=True)
    return LegMinutes(
        times=times,
        bids=bids.column("close").to_numpy()[first],
        asks=asks.column("close").to_numpy()[second],
        ticks=numbers_of(bids, "ticks")[first],
    )


def _candles(
    query: CrossQuery,
    legs: Sequence[tuple[CrossLeg, LegMinutes]],
    range_us: Range,
    schema: pa.Schema,
) -> pa.Table:
    samples = sampled(legs)
    inside = samples.times >= range_us[0]
    bids, asks = samples.bids[inside], samples.asks[inside]
    prices = {CrossSide.BID: bids, CrossSide.ASK: asks, CrossSide.MID: (bids + asks) / 2}
    times = samples.times[inside]
    units = pa.table(
        {
            **dict.fromkeys(PRICES, pa.array(prices[query.side])),
            "volume": pa.nulls(len(times), pa.float64()),
            "ticks": pa.array(samples.ticks[inside]),
            "minutes": pa.array(np.ones(len(times), np.int64)),
        }
    )
    floats = candle_schema(Numbers.FLOAT64, schema.names)
    wide = fold(units, query.interval.starts_of(times, query.zone), floats)
    for name in set(PRICES).intersection(schema.names):
        place = wide.schema.get_field_index(name)
        wide = wide.set_column(
            place, schema.field(name), _rounded(wide.column(name), schema.field(name).type)
        )
    return wide.cast(schema)


def _rounded(column: "pa.ChunkedArray[Any]", type_: pa.DataType) -> "pa.Array[Any]":
    digits = [f"{value:.{SIGNIFICANT_DIGITS}g}" for value in column.to_numpy()]
    return pa.array(digits, pa.string()).cast(type_)
