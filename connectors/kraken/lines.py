"""The fast way through packed Kraken frames: `ticker` and `trade` in the exchange's own layout.

A message holds any number of quotes or trades; one of them in another layout makes its line doubtful.
"""

import numpy as np

from connectors.instants import read_instant
from connectors.kernels import kernel
from connectors.numerals import Bytes, common_exponent
from connectors.packed import Columns, most_lines
from connectors.scanning import (
    NEWLINE,
    integer,
    line_end,
    literal,
    named,
    number,
    number_end,
    receive_us,
    skip,
    text_end,
)
from connectors.symbols import SymbolTable
from market.ticks import QUOTE, TRADE

LEAST_TICK_BYTES = 64
"""No quote or trade is written in fewer."""

_OPENING = literal(' {"channel":"')
_HEARTBEAT = literal('heartbeat"}')
_TICKER = literal('ticker","type":"')
_TRADES = literal('trade","type":"')
_UPDATE = literal('update","data":[')
_SNAPSHOT = literal('snapshot","data":[')
_SYMBOL = literal('{"symbol":"')
_BID = literal('","bid":')
_BID_SIZE = literal(',"bid_qty":')
_ASK = literal(',"ask":')
_ASK_SIZE = literal(',"ask_qty":')
_LAST = literal(',"last":')
_VOLUME = literal(',"volume":')
_AVERAGE = literal(',"vwap":')
_LOW = literal(',"low":')
_HIGH = literal(',"high":')
_CHANGE = literal(',"change":')
_CHANGE_PERCENT = literal(',"change_pct":')
_TIME = literal(',"timestamp":"')
_QUOTED_END = literal('"}')
_END = literal("}")
_SIDE = literal('","side":"')
_PRICE = literal('","price":')
_SIZE = literal(',"qty":')
_ORDER = literal(',"ord_type":"')
_TRADE_ID = literal('","trade_id":')
_NEXT = literal(",")
_CLOSING = literal("]}")


def read_lines(payload: bytes, symbols: SymbolTable) -> Columns:
    """The lines in canonical layout as columns, the others as positions."""
    data = np.frombuffer(payload, np.uint8)
    columns = Columns.room(len(data) // LEAST_TICK_BYTES + 1, most_lines(data))
    return columns.filled(*_lines_kernel(data, symbols, columns))


@kernel
def _lines_kernel(data: Bytes, symbols: SymbolTable, columns: Columns) -> tuple[int, int]:
    """Lines into `columns` (see there); returns the numbers of ticks and of doubtful lines."""
    end = len(data)
    at = 0
    count = 0
    doubts = 0
    while at < end:
        start = at
        received_us, at = receive_us(data, at, end)
        at = skip(data, at, end, _OPENING)
        stop = skip(data, at, end, _HEARTBEAT)
        ticks = 0
        if stop < 0:
            tickers = skip(data, at, end, _TICKER)
            if tickers >= 0:
                stop, ticks = _rows(data, tickers, symbols, columns, count, received_us, True)
            else:
                trades = skip(data, at, end, _TRADES)
                stop, ticks = _rows(data, trades, symbols, columns, count, received_us, False)
        if stop >= 0 and (stop == end or data[stop] == NEWLINE):
            at = stop
            count += ticks
        else:
            at = line_end(data, start, end)
            columns.doubtful[doubts, 0] = count
            columns.doubtful[doubts, 1], columns.doubtful[doubts, 2] = start, at
            doubts += 1
        at += 1
    return count, doubts


@kernel
def _rows(
    data: Bytes,
    at: int,
    symbols: SymbolTable,
    columns: Columns,
    first: int,
    received_us: int,
    tickers: bool,
) -> tuple[int, int]:
    """End (-1: not canonical) and number of the quotes or trades of a message whose type is at `at`.

    They are written from row `first` on.
    """
    end = len(data)
    row = first
    rows = skip(data, at, end, _UPDATE)
    at = rows if rows >= 0 else skip(data, at, end, _SNAPSHOT)
    while True:
        if tickers:
            at = _quote(data, at, symbols, columns, row, received_us)
        else:
            at = _trade(data, at, symbols, columns, row)
        row += 1
        following = skip(data, at, end, _NEXT)
        if following < 0:
            return skip(data, at, end, _CLOSING), row - first
        at = following


@kernel
def _quote(
    data: Bytes, at: int, symbols: SymbolTable, columns: Columns, row: int, received_us: int
) -> int:
    """Where the quote at `at` ends, which is written to this row; -1: not canonical."""
    end = len(data)
    at = skip(data, at, end, _SYMBOL)
    instrument, at = named(data, at, end, symbols)
    at = skip(data, at, end, _BID)
    bid, bid_exponent, at = number(data, at, end)
    at = number_end(data, skip(data, at, end, _BID_SIZE), end)
    at = skip(data, at, end, _ASK)
    ask, ask_exponent, at = number(data, at, end)
    at = number_end(data, skip(data, at, end, _ASK_SIZE), end)
    at = number_end(data, skip(data, at, end, _LAST), end)
    at = number_end(data, skip(data, at, end, _VOLUME), end)
    at = number_end(data, skip(data, at, end, _AVERAGE), end)
    at = number_end(data, skip(data, at, end, _LOW), end)
    at = number_end(data, skip(data, at, end, _HIGH), end)
    at = number_end(data, skip(data, at, end, _CHANGE), end)
    at = number_end(data, skip(data, at, end, _CHANGE_PERCENT), end)
    time_us = received_us
    stop = skip(data, at, end, _END)
    if stop < 0:
        time_us, stop = read_instant(data, skip(data, at, end, _TIME), end)
        stop = skip(data, stop, end, _QUOTED_END)
    bid, ask, exponent = common_exponent(bid, bid_exponent, ask, ask_exponent)
    if stop < 0 or bid <= 0:
        return -1
    columns.wide[0, row], columns.wide[1, row] = time_us, 0
    columns.wide[2, row], columns.wide[3, row] = bid, ask
    columns.wide[4, row], columns.wide[5, row] = 0, 0
    columns.narrow[0, row], columns.narrow[1, row], columns.narrow[2, row] = QUOTE, exponent, 0
    columns.instrument[row] = instrument
    return stop


@kernel
def _trade(data: Bytes, at: int, symbols: SymbolTable, columns: Columns, row: int) -> int:
    """Where the trade at `at` ends, which is written to this row; -1: not canonical."""
    end = len(data)
    at = skip(data, at, end, _SYMBOL)
    instrument, at = named(data, at, end, symbols)
    at = text_end(data, skip(data, at, end, _SIDE), end)
    at = skip(data, at, end, _PRICE)
    price, exponent, at = number(data, at, end)
    at = skip(data, at, end, _SIZE)
    size, size_exponent, at = number(data, at, end)
    at = text_end(data, skip(data, at, end, _ORDER), end)
    at = skip(data, at, end, _TRADE_ID)
    trade_id, at = integer(data, at, end)
    time_us, at = read_instant(data, skip(data, at, end, _TIME), end)
    stop = skip(data, at, end, _QUOTED_END)
    if stop < 0:
        return -1
    columns.wide[0, row], columns.wide[1, row] = time_us, trade_id
    columns.wide[2, row], columns.wide[3, row] = 0, 0
    columns.wide[4, row], columns.wide[5, row] = price, size
    columns.narrow[0, row], columns.narrow[1, row] = TRADE, exponent
    columns.narrow[2, row] = size_exponent
    columns.instrument[row] = instrument
    return stop
