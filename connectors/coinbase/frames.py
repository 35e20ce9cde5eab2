"""Coinbase frames: lines `<receive_ns> <raw message>` → quotes of tickers, trades of matches, heartbeats.

A kernel reads lines in the exchange's own layout; any other line takes the slow way through msgspec,
one by one, with the same result. A ticker is a quote: the trade that caused it comes as a match. A
match replayed at the subscription (`last_match`) is a trade like any other. Messages of other types are
skipped, as the exchange asks of its clients.
"""

from functools import lru_cache, partial
from typing import Annotated

import msgspec

from connectors.coinbase.lines import read_lines
from connectors.instants import instant_of
from connectors.numerals import number_of
from connectors.packed import MAX_SEQ, decoded, settle, split_line
from connectors.symbols import SymbolTable, id_of, symbol_table
from market.bars import BarBatch
from market.instruments import Instrument, InstrumentTable, coins_in
from market.log import Heartbeat, LogRecord, Parsed, Refused
from market.ticks import QUOTE, TRADE, Tick

PROVIDER = "coinbase"
QUOTE_CURRENCY = "USD"
TICKER = "ticker"
MATCHES = ("match", "last_match")
HEARTBEAT = "heartbeat"

_Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]


class _Frame(msgspec.Struct):
    type: str


class _Ticker(msgspec.Struct):
    sequence: _Seq
    product_id: str
    best_bid: str
    best_ask: str
    time: str | None = None


class _Match(msgspec.Struct):
    trade_id: _Seq
    product_id: str
    size: str
    price: str
    time: str


class _Heartbeat(msgspec.Struct):
    last_trade_id: _Seq
    product_id: str
    time: str


_frame = msgspec.json.Decoder(_Frame)
_ticker = msgspec.json.Decoder(_Ticker)
_match = msgspec.json.Decoder(_Match)
_heartbeat = msgspec.json.Decoder(_Heartbeat)


def parse_frames(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks and heartbeats of packed frames; what is neither is refused line by line."""
    symbols, names = symbols_of(instruments)
    source = record.source.id
    frames = read_lines(record.payload, symbols)
    beats = [Heartbeat(*row) for row in frames.beats.tolist()]
    slow = partial(_read, names=names, source=source, beats=beats)
    ticks, refusals = settle(frames.columns, record.payload, source, slow)
    return Parsed(ticks, BarBatch.empty(), refusals, tuple(beats))


def name_of(instrument: Instrument) -> str:
    """The exchange's name of a product: BTC-USD."""
    return f"{instrument.base}-{instrument.quote}"


@lru_cache(maxsize=8)
def symbols_of(instruments: InstrumentTable) -> tuple[SymbolTable, dict[str, int]]:
    """The exchange's names of our instruments: for the kernel, and as a dictionary."""
    names = {name_of(each): each.id for each in coins_in(instruments, QUOTE_CURRENCY)}
    return symbol_table(names.items()), names


def read_slowly(line: bytes, names: dict[str, int], source: int) -> Tick | Heartbeat | None:
    """What one line holds, None for a message of another type. ValueError: no frame, and why."""
    receive_ns, payload = split_line(line)
    kind = decoded(_frame, payload).type
    if kind == TICKER:
        quote = decoded(_ticker, payload)
        time_us = receive_ns // 1_000 if quote.time is None else instant_of(quote.time)
        instrument = id_of(quote.product_id, names)
        bid, ask = number_of(quote.best_bid), number_of(quote.best_ask)
        return Tick(time_us, instrument, source, QUOTE, quote.sequence, bid=bid, ask=ask)
    if kind in MATCHES:
        match = decoded(_match, payload)
        instrument, time_us = id_of(match.product_id, names), instant_of(match.time)
        price, size = number_of(match.price), number_of(match.size)
        return Tick(time_us, instrument, source, TRADE, match.trade_id, price=price, size=size)
    if kind == HEARTBEAT:
        beat = decoded(_heartbeat, payload)
        return Heartbeat(instant_of(beat.time), id_of(beat.product_id, names), beat.last_trade_id)
    return None


def _read(
    line: bytes, names: dict[str, int], source: int, beats: list[Heartbeat]
) -> tuple[list[Tick], list[Refused]]:
    """For `settle`: the tick of a line; a heartbeat is put with the others."""
    read = read_slowly(line, names, source)
    if isinstance(read, Tick):
        return [read], []
    if read is not None:
        beats.append(read)
    return [], []
