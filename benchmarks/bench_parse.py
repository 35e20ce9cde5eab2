"""Parsing: what it costs to bring the exchange's JSON into columns, and into normalised ticks.

Workload: the trades and best quotes of the recorded Binance frames, in records of 10,000 lines. The
baselines are msgspec, the fastest JSON decoder for Python, with the types of the frames known: once
into float columns, once into one object a tick with exact numbers, as a feed handler makes it.
Run: `pytest benchmarks/bench_parse.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.conftest import Compare
from benchmarks.recordings import binance_files, records_of
from connectors.parsing import parse
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import QUOTE, TRADE, Float64s, Int64s, TickBatch

MARKS = (b"@trade", b"@bookTicker")


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


@pytest.fixture(scope="module")
def ticks(records: list[LogRecord]) -> int:
    return sum(record.payload.count(b"\n") for record in records)


def _ticks_only(record: LogRecord) -> LogRecord:
    lines = record.payload.splitlines(keepends=True)
    payload = b"".join(line for line in lines if any(mark in line[:80] for mark in MARKS))
    return replace(record, payload=payload)


def ours(records: list[LogRecord]) -> list[TickBatch]:
    return [parse(record, CATALOGUE).ticks for record in records]


@dataclass
class FloatColumns:
    """What msgspec's way ends in: the numbers of quotes and trades as floats, 0 where there is none."""

    time: Int64s
    seq: Int64s
    instrument: Int64s
    bid: Float64s
    ask: Float64s
    price: Float64s
    size: Float64s


def msgspec_columns(records: list[LogRecord]) -> list[FloatColumns]:
    return [_float_columns(record.payload) for record in records]


def _float_columns(payload: bytes) -> FloatColumns:
    ids = {item.base + item.quote: item.id for item in CATALOGUE}
    time, seq, instrument = list[int](), list[int](), list[int]()
    bid, ask, price, size = list[float](), list[float](), list[float](), list[float]()
    for line in payload.splitlines():
        data = _decode(line[20:]).data
        instrument.append(ids[data.s])
        if data.u:
            time.append(int(line[:16]))
            seq.append(data.u)
            bid.append(float(data.b))
            ask.append(float(data.a))
            price.append(0.0)
            size.append(0.0)
        else:
            time.append(data.T * 1_000)
            seq.append(data.t)
            bid.append(0.0)
            ask.append(0.0)
            price.append(float(data.p))
            size.append(float(data.q))
    return FloatColumns(
        np.array(time),
        np.array(seq),
        np.array(instrument),
        np.array(bid),
        np.array(ask),
        np.array(price),
        np.array(size),
    )


def assert_same_columns(batch: TickBatch, columns: FloatColumns) -> None:
    scale = 10.0 ** batch.exponent.astype(np.float64)
    for field in fields(columns):
        own = getattr(batch, field.name)
        if field.name in ("bid", "ask", "price"):
            own = own / scale
        elif field.name == "size":
            own = own / 10.0 ** batch.size_exponent.astype(np.float64)
        assert np.array_equal(own, getattr(columns, field.name)), field.name


def test_frames_to_columns(compare: Compare, records: list[LogRecord], ticks: int) -> None:
    for batch, columns in zip(ours(records), msgspec_columns(records), strict=True):
        assert_same_columns(batch, columns)
    compare(
        "JSON frames to columns",
        lambda: ours(records),
        lambda: msgspec_columns(records),
        baseline_name="msgspec, typed, to float columns",
        work=ticks,
        target=">= 3",
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


def test_frames_to_normalised_ticks(compare: Compare, records: list[LogRecord], ticks: int) -> None:
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
        work=ticks,
        target=">= 3",
    )
