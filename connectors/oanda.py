"""OANDA's recorded ticks: CSV rows `ms,bid,ask`, milliseconds since midnight UTC → quotes.

A file has no sequence of its own, and many ticks of one instant: a row's number is its sequence.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
import numpy as np

from connectors.errors import MalformedError
from connectors.kernels import kernel
from connectors.numerals import Bytes, common_exponent, number_of, read_decimal, read_integer
from connectors.refusals import refused
from market.bars import BarBatch
from market.clock import microseconds
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed, Refused
from market.ticks import QUOTE, Int64s, Tick, TickBatch

DAY_MS = 86_400_000
PROVIDER = "oanda"

_EPOCH = date(1970, 1, 1)
_MILLISECONDS = re.compile(r"[0-9]{1,8}", re.ASCII)
_COMMA = ord(",")
_RETURN = ord("\r")
_NEWLINE = ord("\n")
_COLUMNS = 6
_MS, _BID, _ASK, _EXPONENT, _START, _END = range(_COLUMNS)
_FIELDS = 3
_MAX_ROW = 10**12


class _Context(msgspec.Struct):
    symbol: str
    date: date
    row: Annotated[int, msgspec.Meta(ge=0, le=_MAX_ROW)]


def context_of(symbol: str, day: date, row: int) -> str:
    """The context of a record whose first row is number `row` of the file of that day."""
    return msgspec.json.encode(_Context(symbol, day, row)).decode()


def parse_ticks(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Quotes of recorded rows. MalformedError where the context is none."""
    try:
        context = msgspec.json.decode(record.context, type=_Context)
    except msgspec.MsgspecError as error:
        raise MalformedError(PROVIDER, "the context names no symbol, date and row") from error
    if context.date <= _EPOCH:
        raise MalformedError(PROVIDER, "the context names a date that is none of ticks")
    instrument = instruments.by_symbol(context.symbol).id
    count, rows = read_rows(record.payload)
    batch = TickBatch.empty(count)
    batch.time[:] = midnight_us(context.date) + rows[_MS] * 1_000
    batch.seq[:] = np.arange(context.row, context.row + count)
    batch.bid[:], batch.ask[:], batch.exponent[:] = rows[_BID], rows[_ASK], rows[_EXPONENT]
    batch.instrument[:], batch.source[:], batch.kind[:] = instrument, record.source.id, QUOTE
    doubtful = np.flatnonzero(rows[_BID] == 0)
    if not len(doubtful):
        return Parsed(batch, BarBatch.empty())
    refusals = _settle(batch, doubtful, rows, record.payload, midnight_us(context.date))
    return Parsed(batch.take(batch.bid > 0), BarBatch.empty(), tuple(refusals))


def midnight_us(day: date) -> int:
    """The start of a UTC day."""
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def read_rows(payload: bytes) -> tuple[int, Int64s]:
    """The number of rows, and a (6, rows) table: ms, bid, ask, exponent, start and end of the row.

    A bid of 0 marks a row that is not `digits,decimal,decimal`.
    """
    data = np.frombuffer(payload, np.uint8)
    table = np.zeros((_COLUMNS, payload.count(b"\n") + 1), np.int64)
    count = _rows_kernel(data, table)
    return count, table[:, :count]


@kernel
def _rows_kernel(data: Bytes, table: Int64s) -> int:
    """Rows of `data` into the columns of `table`; returns their number. O(bytes)."""
    end = len(data)
    at = 0
    row = 0
    while at < end:
        start = at
        time_ms, at = read_integer(data, at, end)
        good = 0 <= time_ms < DAY_MS and at < end and data[at] == _COMMA
        bid, bid_exponent, at = read_decimal(data, at + 1, end)
        good = good and bid > 0 and at < end and data[at] == _COMMA
        ask, ask_exponent, at = read_decimal(data, at + 1, end)
        good = good and ask > 0
        if at < end and data[at] == _RETURN:
            at += 1
        if not good or (at < end and data[at] != _NEWLINE):
            good = False
            at = start
            while at < end and data[at] != _NEWLINE:
                at += 1
        table[_START, row] = start
        table[_END, row] = at
        if good:
            table[_MS, row] = time_ms
            bid, ask, exponent = common_exponent(bid, bid_exponent, ask, ask_exponent)
            table[_BID, row] = bid
            table[_ASK, row] = ask
            table[_EXPONENT, row] = exponent
        at += 1
        row += 1
    return row


def _settle(
    batch: TickBatch, doubtful: Int64s, rows: Int64s, payload: bytes, midnight: int
) -> list[Refused]:
    refusals = []
    for index in doubtful.tolist():
        line = payload[rows[_START, index] : rows[_END, index]]
        try:
            tick = _tick(line.decode("ascii", "replace").rstrip("\r"), midnight)
        except MarketError as error:
            refusals.append(refused(error, line))
            continue
        except ValueError:
            refusals.append(refused("not a row of ms,bid,ask", line))
            continue
        single = TickBatch.of([tick])
        batch.time[index], batch.exponent[index] = single.time[0], single.exponent[0]
        batch.bid[index], batch.ask[index] = single.bid[0], single.ask[0]
    return refusals


def _tick(line: str, midnight: int) -> Tick:
    fields = line.split(",")
    if len(fields) != _FIELDS or not _MILLISECONDS.fullmatch(fields[0]):
        raise ValueError(line)
    time_ms = int(fields[0])
    if time_ms >= DAY_MS:
        raise ValueError(line)
    bid, ask = number_of(fields[1]), number_of(fields[2])
    return Tick(midnight + time_ms * 1_000, 0, 0, QUOTE, bid=bid, ask=ask)
