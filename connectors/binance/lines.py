"""The fast way through packed Binance frames: lines in the exchange's own layout into columns.

The layout is exact to the byte: keys in this order, no spaces, plain decimals. Whatever differs is
not judged here but handed on as doubtful, with its place among the ticks.
"""

import numpy as np

from connectors.kernels import kernel
from connectors.numerals import Bytes, common_exponent
from connectors.packed import Columns, most_lines
from connectors.scanning import NEWLINE, decimal, integer, line_end, literal, receive_us, skip
from connectors.symbols import MAX_SYMBOL_BYTES, SymbolTable, find_words, words
from market.ticks import QUOTE, TRADE

MAX_TIME_MS = 10**14

_OPENING = literal(' {"stream":"')
_AT = ord("@")
_QUOTATION = ord('"')
_CASE = 32
_TRADE_STREAM = literal('@trade","data":{"e":"trade","E":')
_TRADE_NAME = literal('@trade"')
_BOOK_STREAM = literal('@bookTicker","data":{"u":')
_BOOK_NAME = literal('@bookTicker"')
_SYMBOL = literal(',"s":"')
_TRADE_ID = literal('","t":')
_PRICE = literal(',"p":"')
_SIZE = literal('","q":"')
_TRADE_TIME = literal('","T":')
_MAKER_TRUE = literal(',"m":true,"M":true}}')
_MAKER_FALSE = literal(',"m":false,"M":true}}')
_BID = literal('","b":"')
_BID_SIZE = literal('","B":"')
_ASK = literal('","a":"')
_ASK_SIZE = literal('","A":"')
_CLOSING = literal('"}}')


def read_lines(payload: bytes, symbols: SymbolTable) -> Columns:
    """The lines in canonical layout as columns, the others as positions."""
    data = np.frombuffer(payload, np.uint8)
    lines = most_lines(data)
    columns = Columns.room(lines, lines)
    return columns.filled(*_lines_kernel(data, symbols, columns))


@kernel
def _lines_kernel(data: Bytes, symbols: SymbolTable, columns: Columns) -> tuple[int, int]:
    """Lines into `columns` (see there); returns the numbers of ticks and of doubtful lines."""
    wide, narrow, instruments, doubtful = columns
    end = len(data)
    at = 0
    count = 0
    doubts = 0
    while at < end:
        start = at
        received_us, at = receive_us(data, at, end)
        name = skip(data, at, end, _OPENING)
        stop = _symbol_end(data, name, end)
        time = seq = exponent = instrument = 0
        kind = 0
        bid = ask = price = size = size_exponent = 0
        if skip(data, stop, end, _TRADE_NAME) >= 0:
            kind = TRADE
            stop, instrument, time, seq, price, exponent, size, size_exponent = _trade_values(
                data, name, stop, symbols
            )
        elif skip(data, stop, end, _BOOK_NAME) >= 0:
            kind = QUOTE
            stop, instrument, seq, bid, ask, exponent = _book_values(data, name, stop, symbols)
            time = received_us
        elif stop >= 0:
            at = line_end(data, stop, end) + 1
            continue
        if kind and stop >= 0 and (stop == end or data[stop] == NEWLINE):
            wide[0, count], wide[1, count] = time, seq
            wide[2, count], wide[3, count] = bid, ask
            wide[4, count], wide[5, count] = price, size
            narrow[0, count], narrow[1, count] = kind, exponent
            narrow[2, count] = size_exponent
            instruments[count] = instrument
            at = stop
            count += 1
        else:
            at = line_end(data, start, end)
            doubtful[doubts, 0], doubtful[doubts, 1], doubtful[doubts, 2] = count, start, at
            doubts += 1
        at += 1
    return count, doubts


@kernel
def _symbol_end(data: Bytes, at: int, end: int) -> int:
    """Where the lower-case symbol at `at` ends in an @; -1 if there is none."""
    if at < 0:
        return -1
    limit = min(end, at + MAX_SYMBOL_BYTES + 1)
    start = at
    while at < limit:
        byte = data[at]
        if byte == _AT:
            return at if at > start else -1
        if not (97 <= byte <= 122 or 48 <= byte <= 57):
            return -1
        at += 1
    return -1


@kernel
def _trade_values(
    data: Bytes, name: int, at: int, symbols: SymbolTable
) -> tuple[int, int, int, int, int, int, int, int]:
    """End (-1: not canonical), instrument, time, seq, price and size with their exponents of the
    trade frame whose symbol is `data[name:at]`.
    """
    end = len(data)
    length = at - name
    at = skip(data, at, end, _TRADE_STREAM)
    _, at = integer(data, at, end)
    at = skip(data, at, end, _SYMBOL)
    instrument, at = _instrument(data, name, at, length, symbols)
    at = skip(data, at, end, _TRADE_ID)
    seq, at = integer(data, at, end)
    at = skip(data, at, end, _PRICE)
    price, exponent, at = decimal(data, at, end)
    at = skip(data, at, end, _SIZE)
    size, size_exponent, at = decimal(data, at, end)
    at = skip(data, at, end, _TRADE_TIME)
    time_ms, at = integer(data, at, end)
    closed = skip(data, at, end, _MAKER_TRUE)
    if closed < 0:
        closed = skip(data, at, end, _MAKER_FALSE)
    if not 0 < time_ms < MAX_TIME_MS:
        closed = -1
    return closed, instrument, time_ms * 1_000, seq, price, exponent, size, size_exponent


@kernel
def _book_values(
    data: Bytes, name: int, at: int, symbols: SymbolTable
) -> tuple[int, int, int, int, int, int]:
    """End (-1: not canonical), instrument, seq, bid, ask and their exponent of the bookTicker frame
    whose symbol is `data[name:at]`.
    """
    end = len(data)
    length = at - name
    at = skip(data, at, end, _BOOK_STREAM)
    seq, at = integer(data, at, end)
    at = skip(data, at, end, _SYMBOL)
    instrument, at = _instrument(data, name, at, length, symbols)
    at = skip(data, at, end, _BID)
    bid, bid_exponent, at = decimal(data, at, end)
    at = skip(data, at, end, _BID_SIZE)
    at = _size_end(data, at, end)
    at = skip(data, at, end, _ASK)
    ask, ask_exponent, at = decimal(data, at, end)
    at = skip(data, at, end, _ASK_SIZE)
    at = _size_end(data, at, end)
    at = skip(data, at, end, _CLOSING)
    bid, ask, exponent = common_exponent(bid, bid_exponent, ask, ask_exponent)
    return (at if bid > 0 else -1), instrument, seq, bid, ask, exponent


@kernel
def _instrument(
    data: Bytes, name: int, at: int, length: int, symbols: SymbolTable
) -> tuple[int, int]:
    """The id of the symbol at `at`, which must be the stream's name in capitals, and its end; or -1."""
    if at < 0 or at + length > len(data):
        return -1, -1
    for index in range(length):
        small = data[np.uint64(name + index)]
        if data[np.uint64(at + index)] != (small - _CASE if small >= 97 else small):
            return -1, -1
    first, second = words(data, at, at + length)
    instrument = find_words(symbols, first, second)
    return instrument, (at + length if instrument >= 0 else -1)


@kernel
def _size_end(data: Bytes, at: int, end: int) -> int:
    """Where a string of digits and points ends; -1 if anything else comes before its quotation."""
    if at < 0:
        return -1
    while at < end and (48 <= data[at] <= 57 or data[at] == 46):
        at += 1
    return at if at < end and data[at] == _QUOTATION else -1
