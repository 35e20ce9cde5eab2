"""The fast way through packed Binance frames: lines in the exchange's own layout into columns.

The layout is exact to the byte: keys in this order, no spaces, plain decimals. Whatever differs is
not judged here but handed on as doubtful, with its place among the ticks.
"""

from typing import NamedTuple

import numpy as np

from connectors.kernels import kernel
from connectors.numerals import Bytes, common_exponent, read_decimal, read_integer
from connectors.symbols import MAX_SYMBOL_BYTES, SymbolTable, find_words, words
from market.ticks import QUOTE, TRADE, Int8s, Int32s, Int64s, TickBatch

MAX_TIME_MS = 10**14


def _bytes(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8)


_OPENING = _bytes(' {"stream":"')
_AT = ord("@")
_QUOTATION = ord('"')
_NEWLINE = ord("\n")
_ONE = ord("1")
_RECEIVE_DIGITS = 19
_CASE = 32
_TRADE_STREAM = _bytes('@trade","data":{"e":"trade","E":')
_TRADE_NAME = _bytes('@trade"')
_BOOK_STREAM = _bytes('@bookTicker","data":{"u":')
_BOOK_NAME = _bytes('@bookTicker"')
_SYMBOL = _bytes(',"s":"')
_TRADE_ID = _bytes('","t":')
_PRICE = _bytes(',"p":"')
_SIZE = _bytes('","q":"')
_TRADE_TIME = _bytes('","T":')
_MAKER_TRUE = _bytes(',"m":true,"M":true}}')
_MAKER_FALSE = _bytes(',"m":false,"M":true}}')
_BID = _bytes('","b":"')
_BID_SIZE = _bytes('","B":"')
_ASK = _bytes('","a":"')
_ASK_SIZE = _bytes('","A":"')
_CLOSING = _bytes('"}}')


class Columns(NamedTuple):
    """What the kernel read: `wide` (6, n) time, seq, bid, ask, price, size; `narrow` (3, n) kind,
    exponent, size exponent; `doubtful` (m, 3) row before which a line belongs, its start and end.
    """

    wide: Int64s
    narrow: Int8s
    instrument: Int32s
    doubtful: Int64s

    def ticks(self, source: int) -> TickBatch:
        """The rows as a batch; its arrays are the kernel's own."""
        length = len(self.instrument)
        time, seq, bid, ask, price, size = self.wide
        kind, exponent, size_exponent = self.narrow
        return TickBatch(
            time=time,
            seq=seq,
            bid=bid,
            ask=ask,
            price=price,
            size=size,
            instrument=self.instrument,
            source=np.full(length, source, np.int16),
            kind=kind,
            exponent=exponent,
            size_exponent=size_exponent,
            late=np.zeros(length, np.bool_),
        )


def read_lines(payload: bytes, symbols: SymbolTable) -> Columns:
    """The lines in canonical layout as columns, the others as positions."""
    data = np.frombuffer(payload, np.uint8)
    lines = payload.count(b"\n") + 1
    columns = Columns(
        np.zeros((6, lines), np.int64),
        np.zeros((3, lines), np.int8),
        np.zeros(lines, np.int32),
        np.zeros((lines, 3), np.int64),
    )
    count, doubts = _lines_kernel(data, symbols, columns)
    return Columns(
        columns.wide[:, :count],
        columns.narrow[:, :count],
        columns.instrument[:count],
        columns.doubtful[:doubts],
    )


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
        receive_us, at = _receive_us(data, at, end)
        name = _skip(data, at, end, _OPENING)
        stop = _symbol_end(data, name, end)
        time = seq = exponent = instrument = 0
        kind = 0
        bid = ask = price = size = size_exponent = 0
        if _skip(data, stop, end, _TRADE_NAME) >= 0:
            kind = TRADE
            stop, instrument, time, seq, price, exponent, size, size_exponent = _trade_values(
                data, name, stop, symbols
            )
        elif _skip(data, stop, end, _BOOK_NAME) >= 0:
            kind = QUOTE
            stop, instrument, seq, bid, ask, exponent = _book_values(data, name, stop, symbols)
            time = receive_us
        elif stop >= 0:
            at = _line_end(data, stop, end) + 1
            continue
        if kind and stop >= 0 and (stop == end or data[stop] == _NEWLINE):
            wide[0, count], wide[1, count] = time, seq
            wide[2, count], wide[3, count] = bid, ask
            wide[4, count], wide[5, count] = price, size
            narrow[0, count], narrow[1, count] = kind, exponent
            narrow[2, count] = size_exponent
            instruments[count] = instrument
            at = stop
            count += 1
        else:
            at = _line_end(data, start, end)
            doubtful[doubts, 0], doubtful[doubts, 1], doubtful[doubts, 2] = count, start, at
            doubts += 1
        at += 1
    return count, doubts


@kernel
def _receive_us(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The receive time of a line of nanoseconds of 19 digits, in µs, and where it ends or -1."""
    stop = at + _RECEIVE_DIGITS
    if stop >= end or data[at] != _ONE:
        return 0, -1
    high, high_end = read_integer(data, at, stop - 3)
    if high_end != stop - 3:
        return 0, -1
    for index in range(stop - 3, stop):
        if data[index] < 48 or data[index] > 57:
            return 0, -1
    return high, stop


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
    at = _skip(data, at, end, _TRADE_STREAM)
    _, at = _integer(data, at, end)
    at = _skip(data, at, end, _SYMBOL)
    instrument, at = _instrument(data, name, at, length, symbols)
    at = _skip(data, at, end, _TRADE_ID)
    seq, at = _integer(data, at, end)
    at = _skip(data, at, end, _PRICE)
    price, exponent, at = _decimal(data, at, end)
    at = _skip(data, at, end, _SIZE)
    size, size_exponent, at = _decimal(data, at, end)
    at = _skip(data, at, end, _TRADE_TIME)
    time_ms, at = _integer(data, at, end)
    closed = _skip(data, at, end, _MAKER_TRUE)
    if closed < 0:
        closed = _skip(data, at, end, _MAKER_FALSE)
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
    at = _skip(data, at, end, _BOOK_STREAM)
    seq, at = _integer(data, at, end)
    at = _skip(data, at, end, _SYMBOL)
    instrument, at = _instrument(data, name, at, length, symbols)
    at = _skip(data, at, end, _BID)
    bid, bid_exponent, at = _decimal(data, at, end)
    at = _skip(data, at, end, _BID_SIZE)
    at = _size_end(data, at, end)
    at = _skip(data, at, end, _ASK)
    ask, ask_exponent, at = _decimal(data, at, end)
    at = _skip(data, at, end, _ASK_SIZE)
    at = _size_end(data, at, end)
    at = _skip(data, at, end, _CLOSING)
    bid, ask, exponent = common_exponent(bid, bid_exponent, ask, ask_exponent)
    return (at if bid > 0 else -1), instrument, seq, bid, ask, exponent


@kernel
def _skip(data: Bytes, at: int, end: int, expected: Bytes) -> int:
    """Where `expected` ends if it stands at `at`, else -1; -1 stays -1."""
    if at < 0 or at + len(expected) > end:
        return -1
    difference = np.uint8(0)
    for index in range(len(expected)):
        difference |= data[np.uint64(at + index)] ^ expected[np.uint64(index)]
    return at + len(expected) if difference == 0 else -1


@kernel
def _integer(data: Bytes, at: int, end: int) -> tuple[int, int]:
    if at < 0:
        return -1, -1
    value, at = read_integer(data, at, end)
    return value, (at if value >= 0 else -1)


@kernel
def _decimal(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    if at < 0:
        return 0, 0, -1
    mantissa, exponent, at = read_decimal(data, at, end)
    return mantissa, exponent, (at if mantissa > 0 else -1)


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


@kernel
def _line_end(data: Bytes, at: int, end: int) -> int:
    while at < end and data[at] != _NEWLINE:
        at += 1
    return at
