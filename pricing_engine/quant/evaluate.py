"""Runs a plan over a table: column after column, then the layout."""

from collections.abc import Callable

import numpy as np
import polars as pl

from market.intervals import Interval
from pricing_engine.quant.layouts import PairValues, long, matrix, pairs, wide
from pricing_engine.quant.moments import Float64s, Int64s
from pricing_engine.quant.pairs import Measure, rolling_pairs, whole_pairs
from pricing_engine.quant.plan import Layout, Plan, Step
from pricing_engine.quant.table import SYMBOL, TIME, Table

_MEASURES = {"correlation": Measure.CORRELATION, "covariance": Measure.COVARIANCE}


def evaluate(
    plan: Plan,
    table: Table,
    layout: Layout = Layout.LONG,
    resample: Interval | None = None,
    proceed: Callable[[], None] = lambda: None,
) -> pl.DataFrame:
    """The answer of a plan. `table` gets the columns that are computed.

    `resample` keeps the last row of each symbol in each wider bucket, and gives it the time at which that
    bucket starts; the bucket that the range cuts stays. `proceed` is called before every column, and ends
    the work by raising.
    """
    for step in plan.steps:
        proceed()
        if not step.paired:
            made = step.item.compute(table, step.arguments)
            named = [each.alias(name) for name, each in zip(step.outputs, made, strict=True)]
            table.frame = table.frame.with_columns(named)
    proceed()
    if layout.of_pairs:
        measured = _pairs(plan, table, layout, resample)
        return (pairs if layout is Layout.PAIRS else matrix)(table, measured)
    if resample is not None:
        table.frame = _resampled(table, resample)
        table.start_us = int(resample.starts_of(np.array([table.start_us]), table.zone)[0])
    return (long if layout is Layout.LONG else wide)(table, plan.shown)


def _resampled(table: Table, interval: Interval) -> pl.DataFrame:
    wide_starts = interval.starts_of(table.times_us, table.zone)
    time = pl.Series(TIME, wide_starts).cast(table.frame.schema[TIME])
    asked = table.times_us >= table.start_us
    frame = table.frame.with_columns(time).filter(pl.Series(asked))
    return frame.group_by(SYMBOL, TIME, maintain_order=True).last()


def _pairs(plan: Plan, table: Table, layout: Layout, resample: Interval | None) -> PairValues:
    """Every pair once; of a matrix each symbol with itself too.

    Without a window anywhere there is one row, at the last time.
    """
    steps = [step for step in plan.steps if step.name in plan.shown]
    left, right = np.triu_indices(table.universe, 0 if layout is Layout.MATRIX else 1)
    found = {step.name: _measured(table, step, left, right) for step in steps}
    times = next(iter(found.values()))[0]
    kept = _kept(table, times, resample)
    if len(kept) and not any(step.arguments["window"] for step in steps):
        kept = kept[-1:]
    values = {name: values[:, kept] for name, (_, values) in found.items()}
    stamps = times[kept]
    if resample is not None:
        stamps = resample.starts_of(stamps, table.zone)
    return PairValues(stamps, left, right, values)


def _kept(table: Table, times: Int64s, resample: Interval | None) -> Int64s:
    """Which times are shown: those from the start on, or the last of each wider bucket."""
    kept = np.flatnonzero(times >= table.start_us)
    if resample is None or not len(kept):
        return kept
    buckets = resample.starts_of(times[kept], table.zone)
    last = np.append(buckets[1:] != buckets[:-1], True)
    shown: Int64s = kept[last]
    return shown


def _measured(table: Table, step: Step, left: Int64s, right: Int64s) -> tuple[Int64s, Float64s]:
    arguments = step.arguments
    times, series = table.matrix(arguments["of"])
    ddof = arguments.get("ddof", 1)
    measure = _MEASURES[step.item.name]
    window = arguments["window"]
    if window:
        minimum = arguments["min_periods"] or window
        return times, rolling_pairs(series, left, right, window, minimum, ddof, measure)
    asked = series[:, times >= table.start_us]
    minimum = arguments["min_periods"] or 2
    whole = whole_pairs(asked, left, right, minimum, ddof, measure)
    return times, np.repeat(whole[:, None], len(times), axis=1)
