"""What msgspec makes of a venue's frames with their types known: objects alone, or float columns."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np

from market.clock import microseconds
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import Float64s, TickBatch

Row = tuple[int, int, int, float, float, float, float]
"""Time in µs, sequence, instrument, bid, ask, price, size; 0 where there is none."""

Decode = Callable[[bytes], object]

RECEIVE_DIGITS = 20


class _BinanceData(msgspec.Struct):
    s: str
    u: int = 0
    t: int = 0
    b: str = ""
    a: str = ""
    p: str = ""
    q: str = ""
    T: int = 0


class _BinanceFrame(msgspec.Struct):
    data: _BinanceData


class _KrakenRow(msgspec.Struct):
    symbol: str
    timestamp: datetime
    bid: float = 0.0
    ask: float = 0.0
    price: float = 0.0
    qty: float = 0.0
    trade_id: int = 0


class _KrakenFrame(msgspec.Struct):
    channel: str
    data: list[_KrakenRow]


class _CoinbaseFrame(msgspec.Struct):
    type: str
    product_id: str
    time: datetime
    sequence: int = 0
    trade_id: int = 0
    last_trade_id: int = 0
    best_bid: str = ""
    best_ask: str = ""
    price: str = ""
    size: str = ""


_binance = msgspec.json.Decoder(_BinanceFrame).decode
_kraken = msgspec.json.Decoder(_KrakenFrame).decode
_coinbase = msgspec.json.Decoder(_CoinbaseFrame).decode
_TETHER = {item.base + item.quote: item.id for item in CATALOGUE}
_SLASHED = {f"{item.base}/{item.quote}": item.id for item in CATALOGUE}
_DASHED = {item.symbol: item.id for item in CATALOGUE}


def decoded(records: Iterable[LogRecord], decode: Decode) -> list[object]:
    """Every frame as an object, and nothing else."""
    return [
        decode(line[RECEIVE_DIGITS:]) for record in records for line in record.payload.splitlines()
    ]


def columns(records: Iterable[LogRecord], rows: Callable[[bytes], Iterable[Row]]) -> list[Float64s]:
    """The rows of each record as float columns, in (7, n)."""
    return [
        np.array([row for line in record.payload.splitlines() for row in rows(line)]).T
        for record in records
    ]


def as_floats(batch: TickBatch) -> Float64s:
    """Our ticks in the same shape, for a comparison."""
    scale = 10.0 ** batch.exponent.astype(np.float64)
    size_scale = 10.0 ** batch.size_exponent.astype(np.float64)
    prices = [column / scale for column in (batch.bid, batch.ask, batch.price)]
    return np.array([batch.time, batch.seq, batch.instrument, *prices, batch.size / size_scale])


def _binance_rows(line: bytes) -> Iterator[Row]:
    data = _binance(line[RECEIVE_DIGITS:]).data
    if data.u:
        bid, ask = float(data.b), float(data.a)
        yield int(line[:16]), data.u, _TETHER[data.s], bid, ask, 0.0, 0.0
    else:
        price, size = float(data.p), float(data.q)
        yield data.T * 1_000, data.t, _TETHER[data.s], 0.0, 0.0, price, size


def _kraken_rows(line: bytes) -> Iterator[Row]:
    for row in _kraken(line[RECEIVE_DIGITS:]).data:
        time_us, instrument = microseconds(row.timestamp), _SLASHED[row.symbol]
        yield time_us, row.trade_id, instrument, row.bid, row.ask, row.price, row.qty


def _coinbase_rows(line: bytes) -> Iterator[Row]:
    frame = _coinbase(line[RECEIVE_DIGITS:])
    time_us, instrument = microseconds(frame.time), _DASHED[frame.product_id]
    if frame.type == "ticker":
        bid, ask = float(frame.best_bid), float(frame.best_ask)
        yield time_us, frame.sequence, instrument, bid, ask, 0.0, 0.0
    elif frame.type == "match":
        price, size = float(frame.price), float(frame.size)
        yield time_us, frame.trade_id, instrument, 0.0, 0.0, price, size


@dataclass(frozen=True, slots=True)
class Baseline:
    """A venue's two baselines."""

    decode: Decode
    rows: Callable[[bytes], Iterable[Row]]


BASELINES = {
    "binance": Baseline(_binance, _binance_rows),
    "kraken": Baseline(_kraken, _kraken_rows),
    "coinbase": Baseline(_coinbase, _coinbase_rows),
}
