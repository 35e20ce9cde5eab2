"""Walks through a series slice by slice."""

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from market.intervals import Interval
from storage.columns import Numbers
from storage.history.electing import times_of
from storage.history.folding import candle_schema
from storage.history.ranges import Range
from storage.history.walking import MAX_SLICES, Series, batches, first_page, last_page, whole

MINUTE_US = 60_000_000
SCHEMA = candle_schema(Numbers.FLOAT64)


class Minutes:
    """A series of one candle every so many minutes, which remembers what it was asked for."""

    def __init__(self, minutes: int, every: int = 1) -> None:
        self.asked: list[Range] = []
        self._every = every * MINUTE_US
        self.series = Series(
            Interval.parse("1m"),
            ZoneInfo("UTC"),
            (0, minutes * MINUTE_US),
            100 * MINUTE_US,
            SCHEMA,
            self.read,
        )

    async def read(self, range_us: Range, schema: pa.Schema) -> pa.Table:
        self.asked.append((range_us[0] // MINUTE_US, range_us[1] // MINUTE_US))
        times = [time for time in range(*range_us, MINUTE_US) if time % self._every == 0]
        columns: dict[str, list[int]] = dict.fromkeys(SCHEMA.names, times)
        return pa.table(columns, schema=SCHEMA).select(schema.names)


def opened(table: pa.Table) -> list[int]:
    return [time // MINUTE_US for time in times_of(table).tolist()]


async def test_a_stream_reads_slice_after_slice() -> None:
    minutes = Minutes(250)
    streamed = [batch async for batch in batches(minutes.series)]
    assert opened(pa.Table.from_batches(streamed)) == list(range(250))
    assert minutes.asked == [(0, 100), (100, 200), (200, 250)]


async def test_a_stream_that_is_left_leaves_nothing_running() -> None:
    minutes = Minutes(500)
    stream = batches(minutes.series)
    await anext(stream)
    await stream.aclose()
    assert minutes.asked in ([(0, 100)], [(0, 100), (100, 200)])
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_page_begins_with_a_slice_of_its_length_and_takes_ever_longer_ones() -> None:
    minutes = Minutes(1_000, every=10)
    page = await first_page(minutes.series, 7)
    assert opened(page.rows) == [0, 10, 20, 30, 40, 50, 60]
    assert page.following_us == 70 * MINUTE_US
    assert minutes.asked == [(0, 7), (7, 35), (35, 135)]


async def test_the_last_page_has_no_following_one() -> None:
    page = await first_page(Minutes(7).series, 7)
    assert (len(page.rows), page.following_us) == (7, None)
    assert (await first_page(Minutes(0).series, 7)).following_us is None


async def test_the_last_candles_are_found_from_the_end() -> None:
    minutes = Minutes(1_000, every=10)
    page = await last_page(minutes.series, 7)
    assert opened(page.rows) == [930, 940, 950, 960, 970, 980, 990]
    assert minutes.asked == [(993, 1000), (965, 993), (865, 965)]


@pytest.mark.parametrize("limit", [1, 1_000])
async def test_a_page_of_candles_that_lie_far_apart_ends_early_and_says_where_it_goes_on(
    limit: int,
) -> None:
    minutes = Minutes(1_000_000, every=100_000)
    page = await first_page(minutes.series, limit)
    assert opened(page.rows) == [0]
    assert page.following_us == minutes.asked[-1][1] * MINUTE_US
    assert len(minutes.asked) == MAX_SLICES


async def test_a_whole_series_is_that_of_its_batches_in_the_columns_that_are_asked_for() -> None:
    minutes = Minutes(250)
    rows = await whole(minutes.series.only(["close"]))
    assert rows.schema.names == ["time", "close"]
    assert times_of(rows).tolist() == [place * MINUTE_US for place in range(250)]
    assert minutes.asked == [(0, 100), (100, 200), (200, 250)]


async def test_of_a_whole_series_nothing_goes_on_when_a_part_has_failed() -> None:
    minutes = Minutes(1_000)

    async def fail(range_us: Range, schema: pa.Schema) -> pa.Table:
        minutes.asked.append(range_us)
        if range_us[0]:
            await asyncio.Event().wait()
        raise LookupError

    with pytest.raises(LookupError):
        await whole(replace(minutes.series, read=fail))
    assert len(minutes.asked) <= 3


async def test_the_last_of_a_sparse_series_are_looked_for_in_whole_slices() -> None:
    minutes = Minutes(1_000, every=90)
    page = await last_page(minutes.series, 2, sparse=True)
    assert times_of(page.rows).tolist() == [900 * MINUTE_US, 990 * MINUTE_US]
    assert minutes.asked == [(900, 1_000)]
