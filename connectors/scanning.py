"""What fast ways through packed frames are built of: literals, numbers and names, byte by byte.

Each kernel takes where it begins and gives where it ends, or -1 where the bytes are others; what begins
at -1 ends there, so that a layout is read in one straight line and asked at its end whether it held.
"""

import numpy as np

from connectors.kernels import kernel
from connectors.numerals import Bytes, read_decimal, read_integer
from connectors.symbols import MAX_SYMBOL_BYTES, SymbolTable, find_words, words

NEWLINE = ord("\n")
_RECEIVE_DIGITS = 19
_ONE = ord("1")
_ZERO = ord("0")
_NINE = ord("9")
_QUOTATION = ord('"')
_MINUS = ord("-")
_POINT = ord(".")
_PLAIN = np.array([32 <= byte < 128 and byte not in b'"\\' for byte in range(256)])
"""Whether a byte stands in a string for itself."""


def literal(text: str) -> Bytes:
    """A constant of a layout, for `skip`."""
    return np.frombuffer(text.encode(), np.uint8)


@kernel
def skip(data: Bytes, at: int, end: int, expected: Bytes) -> int:
    """Where `expected` ends if it stands at `at`."""
    if at < 0 or at + len(expected) > end:
        return -1
    difference = np.uint8(0)
    for index in range(len(expected)):
        difference |= data[np.uint64(at + index)] ^ expected[np.uint64(index)]
    return at + len(expected) if difference == 0 else -1


@kernel
def receive_us(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The receive time of a line, nanoseconds of 19 digits, in µs."""
    stop = at + _RECEIVE_DIGITS
    if stop >= end or data[at] != _ONE:
        return 0, -1
    high, high_end = read_integer(data, at, stop - 3)
    if high_end != stop - 3:
        return 0, -1
    for index in range(stop - 3, stop):
        if data[index] < _ZERO or data[index] > _NINE:
            return 0, -1
    return high, stop


@kernel
def integer(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A JSON integer of at most 18 digits, not negative."""
    if at < 0:
        return -1, -1
    value, at = read_integer(data, at, end)
    return value, (at if value >= 0 else -1)


@kernel
def decimal(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Mantissa and exponent of a plain decimal above 0."""
    if at < 0:
        return 0, 0, -1
    mantissa, exponent, at = read_decimal(data, at, end)
    return mantissa, exponent, (at if mantissa > 0 else -1)


@kernel
def number(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """The same of a JSON number, which has no zero in front of another digit."""
    mantissa, exponent, stop = decimal(data, at, end)
    if stop >= 0 and data[at] == _ZERO and _ZERO <= data[at + 1] <= _NINE:
        return 0, 0, -1
    return mantissa, exponent, stop


@kernel
def number_end(data: Bytes, at: int, end: int) -> int:
    """Where any JSON number without an exponent ends."""
    if at < 0:
        return -1
    if at < end and data[at] == _MINUS:
        at += 1
    start = at
    while at < end and _ZERO <= data[at] <= _NINE:
        at += 1
    if at == start or (at > start + 1 and data[start] == _ZERO):
        return -1
    if at < end and data[at] == _POINT:
        at += 1
        start = at
        while at < end and _ZERO <= data[at] <= _NINE:
            at += 1
        if at == start:
            return -1
    return at


@kernel
def text_end(data: Bytes, at: int, end: int) -> int:
    """Where a string of plain ASCII ends, before its quotation mark."""
    if at < 0:
        return -1
    while at < end and _PLAIN[data[np.uint64(at)]]:
        at += 1
    return at if at < end and data[np.uint64(at)] == _QUOTATION else -1


@kernel
def named(data: Bytes, at: int, end: int, symbols: SymbolTable) -> tuple[int, int]:
    """The instrument of the name at `at`, which ends before a quotation mark; -1 where it is unknown."""
    if at < 0:
        return -1, -1
    stop = at
    limit = min(end, at + MAX_SYMBOL_BYTES + 1)
    while stop < limit and data[np.uint64(stop)] != _QUOTATION:
        stop += 1
    if stop in (at, limit):
        return -1, -1
    first, second = words(data, at, stop)
    instrument = find_words(symbols, first, second)
    return instrument, (stop if instrument >= 0 else -1)


@kernel
def line_end(data: Bytes, at: int, end: int) -> int:
    """Where the line ends: at its newline, or with the data."""
    while at < end and data[np.uint64(at)] != NEWLINE:
        at += 1
    return at
