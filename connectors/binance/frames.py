"""Binance frames: lines `<receive_ns> <raw combined-stream frame>` → trades and quotes.

A kernel reads lines in the exchange's own layout; any other line takes the slow way through msgspec,
one by one, with the same result. Frames of other streams, acknowledgements and depth snapshots are
skipped. A spot bookTicker has no time of its own: its tick carries the receive time.
"""

import re
from functools import lru_cache, partial
from typing import Annotated

import msgspec

from connectors.binance.lines import MAX_TIME_MS, read_lines
from connectors.numerals import number_of
from connectors.packed import MAX_SEQ, decoded, settle, split_line
from connectors.symbols import MAX_SYMBOL_BYTES, SymbolTable, id_of, symbol_table
from market.bars import BarBatch
from market.instruments import Instrument, InstrumentTable, coins_in
from market.log import LogRecord, Parsed, Refused
from market.ticks import QUOTE, TRADE, Tick

PROVIDER = "binance"
QUOTE_CURRENCY = "USDT"

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


_OTHER_STREAM = re.compile(rb'[0-9]{1,19} \{"stream":"[a-z0-9]{1,16}@(?!trade"|bookTicker")')
_frame = msgspec.json.Decoder(_Frame)
_trade = msgspec.json.Decoder(_Trade)
_book_ticker = msgspec.json.Decoder(_BookTicker)


def parse_frames(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of packed frames, in their order; what is no tick is refused line by line."""
    symbols, names = symbols_of(instruments)
    columns = read_lines(record.payload, symbols)
    slow = partial(_read, names=names, source=record.source.id)
    ticks, refusals = settle(columns, record.payload, record.source.id, slow)
    return Parsed(ticks, BarBatch.empty(), refusals)


def name_of(instrument: Instrument) -> str:
    """The exchange's name of a pair: BTCUSDT."""
    return instrument.base + instrument.quote


@lru_cache(maxsize=8)
def symbols_of(instruments: InstrumentTable) -> tuple[SymbolTable, dict[str, int]]:
    """The exchange's names of our instruments: for the kernel, and as a dictionary."""
    names = {name_of(each): each.id for each in coins_in(instruments, QUOTE_CURRENCY)}
    return symbol_table(names.items()), names


def read_slowly(line: bytes, names: dict[str, int], source: int) -> Tick | None:
    """The tick of one line, None for a frame that is none. ValueError: neither, and why."""
    if _OTHER_STREAM.match(line):
        return None
    receive_ns, payload = split_line(line)
    frame = decoded(_frame, payload)
    stream_symbol, _, stream = frame.stream.partition("@")
    if stream == "trade":
        trade = decoded(_trade, frame.data)
        return _trade_tick(trade, _id_of(trade.s, stream_symbol, names), source)
    if stream == "bookTicker":
        book = decoded(_book_ticker, frame.data)
        instrument = _id_of(book.s, stream_symbol, names)
        return _quote_tick(book, instrument, source, receive_ns // 1_000)
    return None


def _read(line: bytes, names: dict[str, int], source: int) -> tuple[list[Tick], list[Refused]]:
    tick = read_slowly(line, names, source)
    return ([] if tick is None else [tick]), []


def _id_of(symbol: str, stream_symbol: str, names: dict[str, int]) -> int:
    if stream_symbol.upper() != symbol:
        raise ValueError(f"a frame of {symbol[:MAX_SYMBOL_BYTES]} in another symbol's stream")
    return id_of(symbol, names)


def _trade_tick(trade: _Trade, instrument: int, source: int) -> Tick:
    price, size = number_of(trade.p), number_of(trade.q)
    return Tick(trade.T * 1_000, instrument, source, TRADE, trade.t, price=price, size=size)


def _quote_tick(book: _BookTicker, instrument: int, source: int, time_us: int) -> Tick:
    bid, ask = number_of(book.b), number_of(book.a)
    return Tick(time_us, instrument, source, QUOTE, book.u, bid=bid, ask=ask)
