"""Which rows there are and what a hole holds, worked by hand; clock changes, and a weekend of FX."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from market.clock import microseconds
from market.intervals import DAY_US, Interval
from pricing_engine.quant.panel import Fill, Grid, bucket_starts
from tests.pricing_engine.quant.making import MINUTE, asked, candles, minutes, of, stocks, us
from tests.reference.quant import Value

NEW_YORK = ZoneInfo("America/New_York")
DAYS = [us(2016, 1, day) for day in (4, 5, 6, 7, 8)]
START, END = datetime(2016, 1, 5, tzinfo=UTC), datetime(2016, 1, 9, tzinfo=UTC)
FRAMES = {
    "A": candles(
        [DAYS[0], DAYS[2], DAYS[4]], open=[1, 3, 5], close=[1.5, 3.5, 5.5], volume=[9, 8, 7]
    ),
    "B": candles([DAYS[1], DAYS[2]], open=[20, 30], close=[20.5, 30.5], volume=[2, 3]),
}
YEAR = Interval.parse("12M")
BEFORE = datetime(2015, 6, 1, tzinfo=UTC)
SHOWN = ["open", "close", "volume", "age_s"]


def days(answer: pl.DataFrame, symbol: str) -> list[int]:
    return [time.day for time in answer.filter(pl.col("symbol") == symbol)["time"].to_list()]


def filled(fill: Fill, max_age_days: int = 7, grid: Grid = Grid.UNION) -> list[list[Value]]:
    age = max_age_days * 86_400_000_000
    answer = asked(FRAMES, SHOWN, start=START, end=END, grid=grid, fill=fill, max_age_us=age)
    assert days(answer, "A") == days(answer, "B")
    return [of(answer, "A", name) for name in SHOWN]


def test_without_a_grid_a_symbol_has_the_buckets_that_it_has() -> None:
    answer = asked(FRAMES, SHOWN, start=START, end=END)
    assert (days(answer, "A"), days(answer, "B")) == ([6, 8], [5, 6])
    assert answer["age_s"].to_list() == [0.0] * 4


def test_a_hole_of_the_union_is_null() -> None:
    holes = [[None, 3.0, 5.0], [None, 3.5, 5.5], [None, 8.0, 7.0], [None, 0.0, 0.0]]
    assert filled(Fill.NONE) == holes


def test_the_last_known_price_is_held_and_says_its_age() -> None:
    held = [[None, 3.0, 5.0], [1.5, 3.5, 5.5], [None, 8.0, 7.0], [86_400.0, 0.0, 0.0]]
    assert filled(Fill.LAST) == held


def test_a_flat_bar_has_not_moved() -> None:
    flat = [[1.5, 3.0, 5.0], [1.5, 3.5, 5.5], [0.0, 8.0, 7.0], [86_400.0, 0.0, 0.0]]
    assert filled(Fill.FLAT) == flat
    columns = ["simple_return"]
    answer = asked(FRAMES, columns, start=START, end=END, grid=Grid.FULL, fill=Fill.FLAT)
    assert of(answer, "A", "simple_return") == [0.0, 3.5 / 1.5 - 1, 0.0, 5.5 / 3.5 - 1]


def test_nothing_is_held_for_longer_than_its_age() -> None:
    columns, age = ["close", "age_s"], 86_400_000_000
    for fill in (Fill.LAST, Fill.FLAT):
        answer = asked(
            FRAMES, columns, start=START, end=END, grid=Grid.FULL, fill=fill, max_age_us=age
        )
        assert of(answer, "B", "close") == [20.5, 30.5, 30.5, None]
        assert of(answer, "B", "age_s") == [0.0, 0.0, 86_400.0, None]


def test_the_full_grid_has_every_bucket() -> None:
    answer = asked(FRAMES, ["close"], start=START, end=END, grid=Grid.FULL)
    assert days(answer, "A") == [5, 6, 7, 8]
    assert of(answer, "A", "close") == [None, 3.5, None, 5.5]


def test_a_window_may_reach_beyond_the_calendar() -> None:
    columns = [{"op": "ewma", "span": 5_000}]
    answer = asked(FRAMES, columns, start=START, end=END, grid=Grid.FULL, interval=YEAR)
    assert answer.height == 0
    answer = asked(FRAMES, columns, start=BEFORE, end=END, grid=Grid.FULL, interval=YEAR)
    assert answer["time"].to_list() == [datetime(2016, 1, 1, tzinfo=UTC)] * 2


def test_a_benchmark_adds_no_rows() -> None:
    columns = [{"op": "beta", "of": "close", "benchmark": "B"}]
    answer = asked(FRAMES, columns, start=START, end=END, grid=Grid.UNION, benchmarks=["B"])
    assert days(answer, "A") == [6, 8]


def test_recorded_holes_are_where_they_are(test_data: Path) -> None:
    answer = asked(stocks(test_data), ["close"], grid=Grid.UNION)
    missing = answer.filter((pl.col("symbol") == "AAPL") & pl.col("close").is_null())
    assert [f"{time:%Y-%m-%d}" for time in missing["time"]] == ["2017-08-07"]
    gone = answer.filter((pl.col("symbol") == "YHOO") & pl.col("close").is_not_null())["time"].max()
    assert gone == datetime(2017, 6, 16, tzinfo=UTC)


def test_a_weekend_is_held_for_as_long_as_is_allowed(test_data: Path) -> None:
    hour = 3_600_000_000
    answer = asked(
        {"EUR-USD": minutes(test_data, "eurusd")},
        ["close", "age_s", "log_return"],
        interval=MINUTE,
        start=datetime(2014, 5, 2, 20, 50, tzinfo=UTC),
        end=datetime(2014, 5, 4, 22, tzinfo=UTC),
        grid=Grid.FULL,
        fill=Fill.LAST,
        max_age_us=hour,
    )
    ages = answer["age_s"].to_list()
    longest = max(age for age in ages if age is not None)
    assert longest == 3_600.0
    assert answer["close"].null_count() > 40 * 60
    held = answer.filter((pl.col("age_s") > 0) & pl.col("log_return").is_not_null())
    assert set(held["log_return"].to_list()) == {0.0}


@pytest.mark.parametrize(
    ("interval", "zone", "hours"),
    [
        ("1d", NEW_YORK, [24, 25, 24]),  # the clocks went back on 6 November 2016
        ("1d", ZoneInfo("UTC"), [24, 24, 24]),
        ("24h", NEW_YORK, [24, 24, 24]),
    ],
)
def test_days_of_the_full_grid_follow_the_clocks(
    interval: str, zone: ZoneInfo, hours: list[int]
) -> None:
    first = microseconds(datetime(2016, 11, 5, tzinfo=zone))
    last = microseconds(datetime(2016, 11, 9, tzinfo=zone))
    starts = bucket_starts(Interval.parse(interval), first, last, zone).tolist()
    lengths = [(b - a) / 3.6e9 for a, b in pairwise(starts)]
    assert lengths[:3] == hours


def test_spring_has_a_day_of_23_hours_and_no_grid_passes_it_by() -> None:
    first = microseconds(datetime(2016, 3, 1, tzinfo=NEW_YORK))
    last = microseconds(datetime(2016, 4, 1, tzinfo=NEW_YORK))
    assert len(bucket_starts(Interval.parse("1d"), first, last, NEW_YORK)) == 31
    assert len(bucket_starts(Interval.parse("1M"), first, last, NEW_YORK)) == 1
    assert len(bucket_starts(Interval.parse("1d"), last, first, NEW_YORK)) == 0


@pytest.mark.parametrize("every", [1, 2, 10])
@pytest.mark.parametrize("fill", [Fill.NONE, Fill.FLAT])
def test_a_recursive_average_begins_so_many_rows_of_the_grid_before(every: int, fill: Fill) -> None:
    times = [us(2014, 1, 1) + day * DAY_US for day in range(0, 1_000, every)]
    frame = candles(times, close=[float(100 + place * 7 % 40) for place in range(len(times))])
    column = {"op": "ewma", "span": 20}
    first, later = (
        asked(
            {"A": frame},
            [column],
            start=datetime(2014, 1, 1, tzinfo=UTC) + timedelta(days=days),
            end=datetime(2014, 1, 1, tzinfo=UTC) + timedelta(days=1_000),
            grid=Grid.FULL,
            fill=fill,
            max_age_us=every * DAY_US,
        )["ewma"].drop_nulls()
        for days in (0, 900)
    )
    apart = abs(first[-len(later)] - later[0])
    left = 40 * exp(-20 / every)
    if fill is Fill.FLAT or every == 1:
        assert apart < 40 * 2e-9
    else:
        assert left / 1_000 < apart < left
