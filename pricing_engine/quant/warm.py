"""Compiles the kernels of the vocabulary, so that no first query waits for a compiler."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from market.instruments import AssetClass
from market.intervals import DAY_US, Interval
from pricing_engine.quant.evaluate import evaluate
from pricing_engine.quant.panel import INSTANT, Grid, Member, Span, panel
from pricing_engine.quant.plan import Layout, plan
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY

_ROWS = 4


def compile_kernels() -> None:
    """Compute every operation of a few rows, of windows and without."""
    span = Span(0, _ROWS * DAY_US, Interval.parse("1d"), ZoneInfo("UTC"))
    for columns, layout in _queries():
        made = plan(columns, layout, lambda _wider: _ROWS)
        table = panel([_member("A"), _member("B")], span, made.fields, Grid.UNION)
        evaluate(made, table, layout)


def _queries() -> Iterator[tuple[list[object], Layout]]:
    given = {"benchmark": "B", "to": "1w"}
    every: list[object] = []
    for item in VOCABULARY.values():
        named = {each.name for each in item.parameters}
        column = {name: value for name, value in given.items() if name in named}
        every.append({"op": item.name, **column})
        if "window" in named:
            every.append({"name": f"{item.name}_2", "op": item.name, "window": 2, **column})
    yield every, Layout.LONG
    for window in (None, 2):
        yield [{"op": "correlation", "window": window}], Layout.PAIRS


def _member(symbol: str) -> Member:
    times = pl.Series(np.arange(_ROWS) * DAY_US).cast(INSTANT)
    prices = {name: [1.0, 2.0, 1.5, 3.0] for name in FIELDS if name != "age_s"}
    return Member(symbol, AssetClass.CRYPTO, pl.DataFrame({"time": times, **prices}))
