"""Binance frames: lines `<receive_ns> <raw combined-stream frame>` → trades and quotes.

A kernel reads lines in the exchange's own layout; any other line takes the slow way through msgspec,
one by one, with the same result. Frames of other streams, acknowledgements and depth snapshots are
skipped. A spot bookTicker has no time of its own: its tick carries the receive time.
"""

import re
from functools import lru_cache
from typing import Annotated

import msgspec

from connectors.binance.lines import MAX_TIME_MS, read_lines
from connectors.numerals import number_of
from connectors.refusals import refused
from connectors.symbols import MAX_SYMBOL_BYTES, SymbolTable, symbol_table
from market.bars import BarBatch
from market.errors import UnknownSymbolError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed, Refused
from market.ticks import QUOTE, TRADE, Int64s, Tick, TickBatch

PROVIDER = "binance"
QUOTE_CURRENCY = "USDT"
MAX_SEQ = 2**63 - 1

_Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
_TimeMs = Annotated[int, msgspec.Meta(gt=0, lt=MAX_TIME_MS)]


class _Frame(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Trade(msgspec.Struct):
    s: str
    t: _Seq
    p: str
    q: str
    T: _TimeMs


class _BookTicker(msgspec.Struct):
    s: str
    u: _Seq
    b: str
    a: str


_LINE = re.compile(rb"([0-9]{1,19}) (.+)", re.DOTALL)
_OTHER_STREAM = re.compile(rb'[0-9]{1,19} \{"stream":"[a-z0-9]{1,16}@(?!trade"|bookTicker")')
_frame = msgspec.json.Decoder(_Frame)
_trade = msgspec.json.Decoder(_Trade)
_book_ticker = msgspec.json.Decoder(_BookTicker)


def parse_frames(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of packed frames, in their order; what is no tick is refused line by line."""
    symbols, names = symbols_of(instruments)
    columns = read_lines(record.payload, symbols)
    batch = columns.ticks(record.source.id)
    if not len(columns.doubtful):
        return Parsed(batch, BarBatch.empty())
    batch, refusals = _settle(batch, columns.doubtful, record, names)
    return Parsed(batch, BarBatch.empty(), tuple(refusals))


@lru_cache(maxsize=8)
def symbols_of(instruments: InstrumentTable) -> tuple[SymbolTable, dict[str, int]]:
    """The exchange's names of our instruments: for the kernel, and as a dictionary."""
    names = {
        instrument.base + instrument.quote: instrument.id
        for instrument in instruments
        if instrument.quote == QUOTE_CURRENCY
    }
    return symbol_table(names.items()), names


def read_slowly(line: bytes, names: dict[str, int], source: int) -> Tick | None:
    """The tick of one line, None for a frame that is none. ValueError: neither, and why."""
    if _OTHER_STREAM.match(line):
        return None
    found = _LINE.fullmatch(line)
    receive_ns = int(found[1]) if found else MAX_SEQ + 1
    if found is None or receive_ns > MAX_SEQ:
        raise ValueError("not a line of receive time and frame")
    try:
        frame = _frame.decode(found[2])
        stream_symbol, _, stream = frame.stream.partition("@")
        if stream == "trade":
            trade = _trade.decode(frame.data)
            tick = _trade_tick(trade, _id_of(trade.s, stream_symbol, names), source)
        elif stream == "bookTicker":
            book = _book_ticker.decode(frame.data)
            instrument = _id_of(book.s, stream_symbol, names)
            tick = _quote_tick(book, instrument, source, receive_ns // 1_000)
        else:
            return None
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a frame: {error}") from error
    return tick


def _settle(
    batch: TickBatch, doubtful: Int64s, record: LogRecord, names: dict[str, int]
) -> tuple[TickBatch, list[Refused]]:
    parts, refusals = [], []
    done = 0
    for row, start, end in doubtful.tolist():
        line = record.payload[start:end]
        try:
            tick = read_slowly(line, names, record.source.id)
        except ValueError as error:
            refusals.append(refused(error, line))
            continue
        if tick is not None:
            parts += [batch.take(slice(done, row)), TickBatch.of([tick])]
            done = row
    return TickBatch.concat([*parts, batch.take(slice(done, len(batch)))]), refusals


def _id_of(symbol: str, stream_symbol: str, names: dict[str, int]) -> int:
    if stream_symbol.upper() != symbol:
        raise ValueError(f"a frame of {symbol[:MAX_SYMBOL_BYTES]} in another symbol's stream")
    if symbol not in names:
        raise UnknownSymbolError(symbol[:MAX_SYMBOL_BYTES])
    return names[symbol]


def _trade_tick(trade: _Trade, instrument: int, source: int) -> Tick:
    price, size = number_of(trade.p), number_of(trade.q)
    return Tick(trade.T * 1_000, instrument, source, TRADE, trade.t, price=price, size=size)


def _quote_tick(book: _BookTicker, instrument: int, source: int, time_us: int) -> Tick:
    bid, ask = number_of(book.b), number_of(book.a)
    return Tick(time_us, instrument, source, QUOTE, book.u, bid=bid, ask=ask)
