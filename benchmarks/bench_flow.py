"""Columnar flow: what Bytewax costs around the kernels, and what a flow of single ticks would cost.

Workload: recorded EUR-USD and NZD-USD quotes in records of 10,000 rows, parsed, judged and folded into
candles. Run: `make bench`, or `pytest benchmarks/bench_flow.py --benchmark-only`.
"""

import threading
from collections.abc import Iterable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import numpy as np
import pytest
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import TestingSource, run_main

from benchmarks.conftest import Compare
from benchmarks.recordings import fx_files, records_of
from connectors.parsing import parse
from market.clock import datetime_of
from market.instruments import CATALOGUE
from market.log import LogRecord, Parsed
from pipelines.candles import CandleState
from pipelines.quality import Judge, QualityState
from pipelines.running import run
from pipelines.source import LogSource
from pipelines.store import build_flow
from storage.outcomes import Outcome
from tests.pipelines.logs import ListReader

FOLD_WINDOW_TICKS = 20_000


@pytest.fixture(scope="module")
def records(test_data: Path) -> list[LogRecord]:
    return records_of(fx_files(test_data))


@pytest.fixture(scope="module")
def parsed(records: list[LogRecord]) -> dict[int, Parsed]:
    """Each record's ticks, by the identity of the record: the flow is measured, not the parser."""
    return {id(record): parse(record, CATALOGUE) for record in records}


class _Counting(DynamicSink[tuple[str, Outcome]]):
    """Counts ticks and candles."""

    def __init__(self) -> None:
        self.ticks = 0
        self.candles = 0

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "_CountingPartition":
        return _CountingPartition(self)


class _CountingPartition(StatelessSinkPartition[tuple[str, Outcome]]):
    def __init__(self, sink: _Counting) -> None:
        self._sink = sink

    def write_batch(self, items: list[tuple[str, Outcome]]) -> None:
        for _, outcome in items:
            self._sink.ticks += len(outcome.ticks)
            self._sink.candles += len(outcome.candles)


def through_bytewax(records: list[LogRecord], parsed: dict[int, Parsed]) -> tuple[int, int]:
    sink = _Counting()
    source = LogSource(lambda: ListReader2(records), threading.Event())
    flow = build_flow(source, sink, CATALOGUE, lambda record, _: parsed[id(record)])
    run_main(flow)
    return sink.ticks, sink.candles


class ListReader2(ListReader):
    """Reads by position: the flow's own cost is wanted, not that of looking for the next record."""

    def __init__(self, records: list[LogRecord]) -> None:
        super().__init__(records)
        self._at = 0

    def read(self, after: object) -> list[LogRecord]:
        found = list(self._records[self._at : self._at + 2])
        self._at += 2
        return found

    def finished(self) -> bool:
        return self._at >= len(self._records)


def bare(records: list[LogRecord], parsed: dict[int, Parsed]) -> tuple[int, int]:
    judge = Judge(CATALOGUE)
    quality: dict[str, QualityState] = {}
    candles: dict[str, CandleState] = {}
    ticks = bars = 0
    for record in records:
        state = quality.setdefault(record.partition, QualityState())
        judged = judge(state, record, parsed[id(record)].ticks)
        folded = candles.setdefault(record.partition, CandleState()).update(judged.news)
        ticks += len(judged.accepted)
        bars += len(folded.bars)
    return ticks, bars


def test_columnar_flow_against_the_bare_kernels(
    compare: Compare, records: list[LogRecord], parsed: dict[int, Parsed]
) -> None:
    assert through_bytewax(records, parsed) == bare(records, parsed)
    compare(
        "columnar flow",
        lambda: through_bytewax(records, parsed),
        lambda: bare(records, parsed),
        baseline_name="same code without Bytewax",
        work=sum(len(item.ticks) for item in parsed.values()),
        target=">= 0.9",
    )


def single_ticks(parsed: Iterable[Parsed]) -> list[tuple[str, tuple[int, float]]]:
    first = next(iter(parsed)).ticks
    marks = first.marks()
    rows = [(int(time), float(mark)) for time, mark in zip(first.time, marks, strict=True)]
    while len(rows) < FOLD_WINDOW_TICKS:
        shift = rows[-1][0] - rows[0][0] + 1_000_000
        rows += [(time + shift, mark) for time, mark in rows]
    return [("EUR-USD", row) for row in rows[:FOLD_WINDOW_TICKS]]


def fold_window(ticks: list[tuple[str, tuple[int, float]]]) -> int:
    """One-minute OHLC by Bytewax's own windows, one tick an item; the number of candles."""
    clock: win.EventClock[tuple[int, float]] = win.EventClock(
        lambda row: datetime_of(row[0]), timedelta(seconds=0)
    )
    start = datetime_of(0).astimezone(UTC)
    flow = Dataflow("windows")
    out: list[Any] = []
    stream = op.input("ticks", flow, TestingSource(ticks, batch_size=1_000))
    windows = win.fold_window(
        "ohlc",
        stream,
        clock,
        win.TumblingWindower(length=timedelta(minutes=1), align_to=start),
        list,
        _add,
        _add_all,
    )
    op.output("out", windows.down, _Collect(out))
    run_main(flow)
    return len(out)


def _add(candle: list[float], row: tuple[int, float]) -> list[float]:
    price = row[1]
    if not candle:
        return [price, price, price, price]
    candle[1], candle[2], candle[3] = max(candle[1], price), min(candle[2], price), price
    return candle


def _add_all(left: list[float], right: list[float]) -> list[float]:
    return [left[0], max(left[1], right[1]), min(left[2], right[2]), right[3]]


class _Collect(DynamicSink[Any]):
    def __init__(self, out: list[Any]) -> None:
        self.out = out

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "_CollectPartition":
        return _CollectPartition(self.out)


class _CollectPartition(StatelessSinkPartition[Any]):
    def __init__(self, out: list[Any]) -> None:
        self._out = out

    def write_batch(self, items: list[Any]) -> None:
        self._out += items


def test_columnar_flow_against_fold_window(
    compare: Compare, records: list[LogRecord], parsed: dict[int, Parsed]
) -> None:
    ticks = single_ticks(parsed.values())
    minutes = len(np.unique(np.array([row[0] for _, row in ticks]) // 60_000_000))
    assert fold_window(ticks) == minutes
    compare(
        "columnar flow, against windows",
        lambda: through_bytewax(records, parsed),
        lambda: fold_window(ticks),
        baseline_name="fold_window a tick",
        work=sum(len(item.ticks) for item in parsed.values()),
        baseline_work=len(ticks),
        target=">= 25",
        rounds=3,
    )


def test_recovery(
    compare: Compare, records: list[LogRecord], parsed: dict[int, Parsed], tmp_path: Path
) -> None:
    many = records * 10
    numbers = iter(range(1_000))

    def recovered() -> tuple[int, int]:
        sink = _Counting()
        source = LogSource(lambda: ListReader2(many), threading.Event())
        flow = build_flow(source, sink, CATALOGUE, lambda record, _: parsed[id(record)])
        run(lambda: flow, tmp_path / str(next(numbers)))
        return sink.ticks, sink.candles

    assert recovered() == through_bytewax(many, parsed)
    compare(
        "recovery, 1 s epochs",
        recovered,
        lambda: through_bytewax(many, parsed),
        baseline_name="recovery off",
        work=10 * sum(len(item.ticks) for item in parsed.values()),
        target=">= 0.87",
    )
