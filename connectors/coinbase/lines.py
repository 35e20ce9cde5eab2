"""The fast way through packed Coinbase frames: tickers, matches and heartbeats in their own layout."""

from typing import NamedTuple

import numpy as np

from connectors.instants import read_instant
from connectors.kernels import kernel
from connectors.numerals import Bytes, common_exponent
from connectors.packed import Columns, most_lines
from connectors.scanning import (
    NEWLINE,
    decimal,
    integer,
    line_end,
    literal,
    named,
    receive_us,
    skip,
    text_end,
)
from connectors.symbols import SymbolTable
from market.ticks import QUOTE, TRADE, Int64s

_OPENING = literal(' {"type":"')
_TICKER = literal('ticker","sequence":')
_MATCH = literal('match","trade_id":')
_LAST_MATCH = literal('last_match","trade_id":')
_HEARTBEAT = literal('heartbeat","sequence":')
_PRODUCT = literal(',"product_id":"')
_QUOTED_PRODUCT = literal('","product_id":"')
_PRICE = literal('","price":"')
_OPEN = literal('","open_24h":"')
_VOLUME = literal('","volume_24h":"')
_LOW = literal('","low_24h":"')
_HIGH = literal('","high_24h":"')
_MONTH = literal('","volume_30d":"')
_BID = literal('","best_bid":"')
_BID_SIZE = literal('","best_bid_size":"')
_ASK = literal('","best_ask":"')
_ASK_SIZE = literal('","best_ask_size":"')
_SIDE = literal('","side":"')
_TIME = literal('","time":"')
_TRADE_ID = literal('","trade_id":')
_LAST_SIZE = literal(',"last_size":"')
_CLOSING = literal('"}')
_MAKER = literal(',"maker_order_id":"')
_TAKER = literal('","taker_order_id":"')
_SIZE = literal('","size":"')
_SEQUENCE = literal('","sequence":')
_BARE_TIME = literal(',"time":"')
_LAST_TRADE = literal(',"last_trade_id":')


class Frames(NamedTuple):
    """What the kernel read: the ticks and doubtful lines, and `beats` (n, 3) of the heartbeats: time
    in µs, instrument, last trade id.
    """

    columns: Columns
    beats: Int64s


def read_lines(payload: bytes, symbols: SymbolTable) -> Frames:
    """The lines in canonical layout as columns, the others as positions."""
    data = np.frombuffer(payload, np.uint8)
    lines = most_lines(data)
    columns = Columns.room(lines, lines)
    beats = np.zeros((lines, 3), np.int64)
    count, doubts, beat_count = _lines_kernel(data, symbols, columns, beats)
    return Frames(columns.filled(count, doubts), beats[:beat_count])


@kernel
def _lines_kernel(
    data: Bytes, symbols: SymbolTable, columns: Columns, beats: Int64s
) -> tuple[int, int, int]:
    """Lines into `columns` and `beats`; the numbers of ticks, doubtful lines and heartbeats."""
    end = len(data)
    at = 0
    count = 0
    doubts = 0
    beat_count = 0
    while at < end:
        start = at
        _, at = receive_us(data, at, end)
        at = skip(data, at, end, _OPENING)
        ticks = 1
        fields = skip(data, at, end, _TICKER)
        if fields >= 0:
            stop = _quote(data, fields, symbols, columns, count)
        else:
            fields = skip(data, at, end, _MATCH)
            if fields < 0:
                fields = skip(data, at, end, _LAST_MATCH)
            if fields >= 0:
                stop = _trade(data, fields, symbols, columns, count)
            else:
                ticks = 0
                stop = _beat(data, skip(data, at, end, _HEARTBEAT), symbols, beats, beat_count)
        if stop >= 0 and (stop == end or data[stop] == NEWLINE):
            at = stop
            count += ticks
            beat_count += 1 - ticks
        else:
            at = line_end(data, start, end)
            columns.doubtful[doubts, 0] = count
            columns.doubtful[doubts, 1], columns.doubtful[doubts, 2] = start, at
            doubts += 1
        at += 1
    return count, doubts, beat_count


@kernel
def _quote(data: Bytes, at: int, symbols: SymbolTable, columns: Columns, row: int) -> int:
    """Where the ticker whose sequence is at `at` ends, which is written to this row; or -1."""
    end = len(data)
    sequence, at = integer(data, at, end)
    instrument, at = named(data, skip(data, at, end, _PRODUCT), end, symbols)
    at = text_end(data, skip(data, at, end, _PRICE), end)
    at = text_end(data, skip(data, at, end, _OPEN), end)
    at = text_end(data, skip(data, at, end, _VOLUME), end)
    at = text_end(data, skip(data, at, end, _LOW), end)
    at = text_end(data, skip(data, at, end, _HIGH), end)
    at = text_end(data, skip(data, at, end, _MONTH), end)
    bid, bid_exponent, at = decimal(data, skip(data, at, end, _BID), end)
    sized = skip(data, at, end, _BID_SIZE)
    if sized >= 0:
        at = text_end(data, sized, end)
    ask, ask_exponent, at = decimal(data, skip(data, at, end, _ASK), end)
    sized = skip(data, at, end, _ASK_SIZE)
    if sized >= 0:
        at = text_end(data, sized, end)
    at = text_end(data, skip(data, at, end, _SIDE), end)
    time_us, at = read_instant(data, skip(data, at, end, _TIME), end)
    _, at = integer(data, skip(data, at, end, _TRADE_ID), end)
    at = text_end(data, skip(data, at, end, _LAST_SIZE), end)
    stop = skip(data, at, end, _CLOSING)
    bid, ask, exponent = common_exponent(bid, bid_exponent, ask, ask_exponent)
    if stop < 0 or bid <= 0:
        return -1
    columns.wide[0, row], columns.wide[1, row] = time_us, sequence
    columns.wide[2, row], columns.wide[3, row] = bid, ask
    columns.wide[4, row], columns.wide[5, row] = 0, 0
    columns.narrow[0, row], columns.narrow[1, row], columns.narrow[2, row] = QUOTE, exponent, 0
    columns.instrument[row] = instrument
    return stop


@kernel
def _trade(data: Bytes, at: int, symbols: SymbolTable, columns: Columns, row: int) -> int:
    """Where the match whose trade id is at `at` ends, which is written to this row; or -1."""
    end = len(data)
    trade_id, at = integer(data, at, end)
    at = text_end(data, skip(data, at, end, _MAKER), end)
    at = text_end(data, skip(data, at, end, _TAKER), end)
    at = text_end(data, skip(data, at, end, _SIDE), end)
    size, size_exponent, at = decimal(data, skip(data, at, end, _SIZE), end)
    price, exponent, at = decimal(data, skip(data, at, end, _PRICE), end)
    instrument, at = named(data, skip(data, at, end, _QUOTED_PRODUCT), end, symbols)
    _, at = integer(data, skip(data, at, end, _SEQUENCE), end)
    time_us, at = read_instant(data, skip(data, at, end, _BARE_TIME), end)
    stop = skip(data, at, end, _CLOSING)
    if stop < 0:
        return -1
    columns.wide[0, row], columns.wide[1, row] = time_us, trade_id
    columns.wide[2, row], columns.wide[3, row] = 0, 0
    columns.wide[4, row], columns.wide[5, row] = price, size
    columns.narrow[0, row], columns.narrow[1, row] = TRADE, exponent
    columns.narrow[2, row] = size_exponent
    columns.instrument[row] = instrument
    return stop


@kernel
def _beat(data: Bytes, at: int, symbols: SymbolTable, beats: Int64s, row: int) -> int:
    """Where the heartbeat whose sequence is at `at` ends, which is written to this row; or -1."""
    end = len(data)
    _, at = integer(data, at, end)
    last_trade_id, at = integer(data, skip(data, at, end, _LAST_TRADE), end)
    instrument, at = named(data, skip(data, at, end, _PRODUCT), end, symbols)
    time_us, at = read_instant(data, skip(data, at, end, _TIME), end)
    stop = skip(data, at, end, _CLOSING)
    if stop < 0:
        return -1
    beats[row, 0], beats[row, 1], beats[row, 2] = time_us, instrument, last_trade_id
    return stop
