"""Parsing: what it costs to bring the exchanges' JSON into columns, and into normalised ticks.

Workload: the trades and best quotes of the recorded Binance frames, and frames of Kraken and Coinbase in
the layout of their wire, in records of 10,000 lines. The baselines are msgspec, the fastest JSON decoder
for Python, with the types of the frames known: objects and nothing else, float columns, or one object
a tick with exact numbers, as a feed handler makes it.
Run: `pytest benchmarks/bench_parse.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.conftest import Compare
from benchmarks.recordings import binance_files, records_of
from benchmarks.venue_baselines import BASELINES, as_floats, columns, decoded
from benchmarks.venue_frames import venue_records
from connectors.parsing import parse
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import QUOTE, TRADE, TickBatch

MARKS = (b"@trade", b"@bookTicker")


BARE_TARGET = ">= 3"
"""Against objects and nothing else: what we do besides is the exact numbers and the columns."""


class _Data(msgspec.Struct):
    """The fields of both frames, so that one decoding reads either."""

    s: str
    u: int = 0
    t: int = 0
    b: str = ""
    a: str = ""
    p: str = ""
    q: str = ""
    T: int = 0


class _Frame(msgspec.Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Frame).decode


@pytest.fixture(scope="module")
def records(test_data: Path) -> list[LogRecord]:
    return [_ticks_only(record) for record in records_of(binance_files(test_data))]


def _ticks_only(record: LogRecord) -> LogRecord:
    lines = record.payload.splitlines(keepends=True)
    payload = b"".join(line for line in lines if any(mark in line[:80] for mark in MARKS))
    return replace(record, payload=payload)


def ours(records: list[LogRecord]) -> list[TickBatch]:
    return [parse(record, CATALOGUE).ticks for record in records]


@pytest.fixture(scope="module")
def frames(venue: str, test_data: Path) -> list[LogRecord]:
    """A venue's records."""
    if venue != "binance":
        return venue_records(venue)
    return [_ticks_only(record) for record in records_of(binance_files(test_data))]


def lines_of(records: list[LogRecord]) -> int:
    return sum(record.payload.count(b"\n") for record in records)


@pytest.mark.parametrize("venue", BASELINES, scope="module")
def test_frames_to_columns(compare: Compare, frames: list[LogRecord], venue: str) -> None:
    baseline = BASELINES[venue]
    for batch, floats in zip(ours(frames), columns(frames, baseline.rows), strict=True):
        assert np.array_equal(as_floats(batch), floats)
    compare(
        "JSON frames to columns" + ("" if venue == "binance" else f", {venue}"),
        lambda: ours(frames),
        lambda: columns(frames, baseline.rows),
        baseline_name="msgspec, typed, to float columns",
        work=sum(len(batch) for batch in ours(frames)),
        target=">= 3",
    )


@pytest.mark.parametrize("venue", BASELINES, scope="module")
def test_frames_against_a_bare_decode(
    compare: Compare, frames: list[LogRecord], venue: str
) -> None:
    baseline = BASELINES[venue]
    assert len(decoded(frames, baseline.decode)) == lines_of(frames)
    compare(
        f"JSON frames to columns, {venue}, bare decode",
        lambda: ours(frames),
        lambda: decoded(frames, baseline.decode),
        baseline_name="msgspec, typed, to objects alone",
        work=lines_of(frames),
        unit="frames/s",
        target=BARE_TARGET,
    )


Number = Decimal | str | float | None
"""What a `Tick` may hold; here every number that is there is a Decimal."""


@dataclass(slots=True)
class NormalTick:
    """One object a tick, its symbol ours and its numbers exact."""

    time_us: int
    symbol: str
    kind: int
    seq: int
    bid: Number = None
    ask: Number = None
    price: Number = None
    size: Number = None


def single_ticks(records: list[LogRecord]) -> list[NormalTick]:
    handled: list[NormalTick] = []
    for record in records:
        for tick in _single_ticks(record.payload):
            handled.append(tick)  # noqa: PERF402 - a handler is called with one at a time
    return handled


def _single_ticks(payload: bytes) -> Iterator[NormalTick]:
    symbols = {item.base + item.quote: item.symbol for item in CATALOGUE}
    for line in payload.splitlines():
        data = _decode(line[20:]).data
        symbol = symbols[data.s]
        if data.u:
            bid, ask = Decimal(data.b), Decimal(data.a)
            yield NormalTick(int(line[:16]), symbol, QUOTE, data.u, bid=bid, ask=ask)
        else:
            price, size = Decimal(data.p), Decimal(data.q)
            yield NormalTick(data.T * 1_000, symbol, TRADE, data.t, price=price, size=size)


def test_frames_to_normalised_ticks(compare: Compare, records: list[LogRecord]) -> None:
    own_ticks = (tick for batch in ours(records) for tick in batch.rows())
    for own, other in zip(own_ticks, single_ticks(records), strict=True):
        assert (
            NormalTick(
                own.time_us,
                CATALOGUE.by_id(own.instrument).symbol,
                own.kind,
                own.seq,
                own.bid,
                own.ask,
                own.price,
                own.size,
            )
            == other
        )
    compare(
        "JSON frames to normalised ticks",
        lambda: ours(records),
        lambda: single_ticks(records),
        baseline_name="msgspec, an object a tick",
        work=lines_of(records),
        target=">= 3",
    )
