"""Walks through a series of candles slice by slice, so that memory is bounded by the slice.

Slices begin and end with a bucket. A stream reads the next one while its consumer has the last; a page
begins with a slice as long as itself and takes ever longer ones until it is full.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pyarrow as pa

from market.clock import datetime_of, microseconds
from market.intervals import Interval
from storage.history.ranges import Range

AT_ONCE = 2
"""Slices of one series, where all are wanted: the database makes one while the other is decoded."""
GROWTH = 4
MAX_SLICES = 64
"""What a page looks through at most."""


@dataclass(frozen=True, slots=True)
class Series:
    """Candles that open in `range_us`, which begins and ends with a bucket.

    `read` gives those of any such range, ascending; `slice_us` is what it is asked for at most, but for
    a bucket that is longer, in the columns of the schema, which may be some of those that there are.
    """

    interval: Interval
    zone: ZoneInfo
    range_us: Range
    slice_us: int
    schema: pa.Schema
    read: Callable[[Range, pa.Schema], Coroutine[None, None, pa.Table]]

    def only(self, names: Sequence[str]) -> "Series":
        """The same of these columns and `time` alone: no others are read."""
        kept = [field for field in self.schema if field.name in ("time", *names)]
        return replace(self, schema=pa.schema(kept))

    async def part(self, range_us: Range) -> pa.Table:
        """The candles of a range of it, which begins and ends with a bucket."""
        return await self.read(range_us, self.schema)


@dataclass(frozen=True, slots=True)
class CandlePage:
    """Candles, ascending; `following_us` is where the next page begins, None where nothing follows."""

    rows: pa.Table
    following_us: int | None


async def batches(series: Series) -> AsyncGenerator[pa.RecordBatch]:
    """All candles of the series; the next slice is read while the consumer has the last."""
    parts = list(_slices(series, series.slice_us))
    if not parts:
        return
    ahead = asyncio.ensure_future(series.part(parts[0]))
    try:
        for following in (*parts[1:], None):
            rows = await ahead
            if following is not None:
                ahead = asyncio.ensure_future(series.part(following))
            for batch in rows.to_batches():
                yield batch
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


async def whole(series: Series) -> pa.Table:
    """All candles of the series, for one that fits in memory; `AT_ONCE` slices are read at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def read(part: Range) -> pa.Table:
        async with places:
            return await series.part(part)

    tasks = [asyncio.ensure_future(read(part)) for part in _slices(series, series.slice_us)]
    try:
        return pa.concat_tables([series.schema.empty_table(), *await asyncio.gather(*tasks)])
    finally:
        # Where one has failed, the others have nothing to read for.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def first_page(series: Series, limit: int) -> CandlePage:
    """The first `limit` candles of the series; fewer, though more follow, where they lie far apart."""
    found: list[pa.Table] = []
    for number, part in enumerate(_slices(series, limit * series.interval.longest_us)):
        found.append(await series.part(part))
        rows = pa.concat_tables(found)
        if rows.num_rows > limit:
            following = rows.column("time")[limit].cast(pa.int64()).as_py()
            return CandlePage(rows.slice(0, limit), following)
        if number + 1 == MAX_SLICES and part[1] < series.range_us[1]:
            return CandlePage(rows, part[1])
    return CandlePage(pa.concat_tables([series.schema.empty_table(), *found]), None)


async def last_page(series: Series, limit: int, *, sparse: bool = False) -> CandlePage:
    """The last `limit` candles of the series; fewer where they lie very far apart.

    Of one that is known to be sparse, whole slices are read from the first on.
    """
    first_us = series.slice_us if sparse else limit * series.interval.longest_us
    found: list[pa.Table] = []
    for number, part in enumerate(_slices(series, first_us, back=True)):
        found.insert(0, await series.part(part))
        if sum(rows.num_rows for rows in found) >= limit or number + 1 == MAX_SLICES:
            break
    rows = pa.concat_tables([series.schema.empty_table(), *found])
    return CandlePage(rows.slice(max(0, rows.num_rows - limit)), None)


def _slices(series: Series, first_us: int, *, back: bool = False) -> Iterator[Range]:
    """The slices that tile the series from its start, or from its end backwards."""
    start, end = series.range_us
    length = first_us
    while start < end:
        length = min(length, series.slice_us)
        if back:
            cut = max(start, min(_bucket(series, end - length), _bucket(series, end - 1)))
            yield cut, end
            end = cut
        else:
            cut = min(end, _following(series, start + length - 1))
            yield start, cut
            start = cut
        length *= GROWTH


def _bucket(series: Series, time_us: int) -> int:
    return microseconds(series.interval.start_of(datetime_of(time_us), series.zone))


def _following(series: Series, time_us: int) -> int:
    start = series.interval.start_of(datetime_of(time_us), series.zone)
    return microseconds(series.interval.end_of(start, series.zone))
