"""Kraken frames: lines `<receive_ns> <raw v2 message>` → quotes of `ticker`, trades of `trade`.

A kernel reads lines in the exchange's own layout; any other line takes the slow way through msgspec,
one by one, with the same result. Numbers are JSON floats and keep their digits. The last price and the
volume of a ticker are no trade. A ticker of before its `timestamp` carries the receive time. Whatever
else the exchange says (heartbeats, status, acknowledgements, other channels) is skipped.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated

import msgspec

from connectors.instants import instant_of
from connectors.kraken.lines import read_lines
from connectors.numerals import number_of
from connectors.packed import MAX_SEQ, decoded, settle, split_line
from connectors.refusals import refused
from connectors.symbols import SymbolTable, id_of, symbol_table
from market.bars import BarBatch
from market.instruments import Instrument, InstrumentTable, coins_in
from market.log import LogRecord, Parsed, Refused
from market.ticks import QUOTE, TRADE, Tick

PROVIDER = "kraken"
QUOTE_CURRENCY = "USD"
TICKER = "ticker"
TRADES = "trade"

_Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]


class _Frame(msgspec.Struct):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Ticker(msgspec.Struct):
    symbol: str
    bid: msgspec.Raw
    ask: msgspec.Raw
    timestamp: str | None = None


class _Trade(msgspec.Struct):
    symbol: str
    price: msgspec.Raw
    qty: msgspec.Raw
    trade_id: _Seq
    timestamp: str


_frame = msgspec.json.Decoder(_Frame)
_rows = msgspec.json.Decoder(list[msgspec.Raw])
_ticker = msgspec.json.Decoder(_Ticker)
_trade = msgspec.json.Decoder(_Trade)


def parse_frames(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of packed frames, in their order; what is no tick is refused, each part by itself."""
    symbols, names = symbols_of(instruments)
    columns = read_lines(record.payload, symbols)
    slow = partial(read_slowly, names=names, source=record.source.id)
    ticks, refusals = settle(columns, record.payload, record.source.id, slow)
    return Parsed(ticks, BarBatch.empty(), refusals)


def name_of(instrument: Instrument) -> str:
    """The exchange's name on its streams: BTC/USD."""
    return f"{instrument.base}/{instrument.quote}"


@lru_cache(maxsize=8)
def symbols_of(instruments: InstrumentTable) -> tuple[SymbolTable, dict[str, int]]:
    """The exchange's names of our instruments: for the kernel, and as a dictionary."""
    names = {name_of(each): each.id for each in coins_in(instruments, QUOTE_CURRENCY)}
    return symbol_table(names.items()), names


def read_slowly(
    line: bytes, names: dict[str, int], source: int
) -> tuple[list[Tick], list[Refused]]:
    """The ticks of one line, and those parts that are none. ValueError: no frame, and why."""
    receive_ns, payload = split_line(line)
    frame = decoded(_frame, payload)
    read: Callable[[msgspec.Raw], Tick]
    if frame.channel == TICKER:
        read = partial(_quote_tick, names=names, source=source, received_us=receive_ns // 1_000)
    elif frame.channel == TRADES:
        read = partial(_trade_tick, names=names, source=source)
    else:
        return [], []
    ticks, refusals = [], []
    for row in decoded(_rows, frame.data):
        try:
            ticks.append(read(row))
        except ValueError as error:
            refusals.append(refused(error, bytes(row)))
    return ticks, refusals


def _quote_tick(row: msgspec.Raw, names: dict[str, int], source: int, received_us: int) -> Tick:
    quote = decoded(_ticker, row)
    time_us = received_us if quote.timestamp is None else instant_of(quote.timestamp)
    bid, ask = number_of(quote.bid), number_of(quote.ask)
    return Tick(time_us, id_of(quote.symbol, names), source, QUOTE, bid=bid, ask=ask)


def _trade_tick(row: msgspec.Raw, names: dict[str, int], source: int) -> Tick:
    trade = decoded(_trade, row)
    instrument, time_us = id_of(trade.symbol, names), instant_of(trade.timestamp)
    price, size = number_of(trade.price), number_of(trade.qty)
    return Tick(time_us, instrument, source, TRADE, trade.trade_id, price=price, size=size)
