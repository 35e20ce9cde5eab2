"""PostgreSQL's binary `numeric` as the nearest float64 or as an equal decimal128(38, 18), by numba.

Format: `numeric_send` (number of base-10000 digits, weight, sign, decimals, digits; no zeros at either
end). The nearest float64 is found by Lemire's algorithm ("Number Parsing at a Gigabyte per Second",
2021); the few numbers that it leaves open are for Python to round (`decimal_of`).
"""

import math
import struct
from decimal import Context, Decimal

import numpy as np
import numpy.typing as npt
from numba import njit

DECIMALS = 18
"""Of decimal128(38, 18)."""
MISREAD, NO_NUMBER, TOO_FINE, TOO_LARGE = range(4)
"""Why a field is no decimal128(38, 18); the first: it is no numeric at all."""

Buffer = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
UInt64s = npt.NDArray[np.uint64]

_MINUS, _NAN, _INFINITE, _MINUS_INFINITE = 0x4000, 0xC000, 0xD000, 0xF000
_MAX_POWER = 64
"""Of ten, either way, up to which numbers are rounded here; what lies beyond is no price."""
_MAX_DIGITS = 19
"""Decimal digits that always fit 64 bits."""
_PLACES = 5
"""Base-10000 digits that hold 18 decimals."""
_FLOATS_OF_TEN = np.array([10.0**power for power in range(23)])
_INTEGERS_OF_TEN = np.array([10**power for power in range(20)], np.uint64)
_WIDE = Context(prec=200_000, Emax=999_999, Emin=-999_999)


def _power_of_five(power: int) -> int:
    """The 128 leading bits of 5**power, as the algorithm wants them: small negative ones rounded up."""
    five: int = 5 ** abs(power)
    if power >= 0:
        return (five << 128) >> five.bit_length()
    return (1 << (five.bit_length() + 127)) // five + (1 if power >= -27 else 0)


_FIVES = [_power_of_five(power) for power in range(-_MAX_POWER, _MAX_POWER + 1)]
_FIVES_HIGH = np.array([five >> 64 for five in _FIVES], np.uint64)
_FIVES_LOW = np.array([five & (2**64 - 1) for five in _FIVES], np.uint64)


def decimal_of(field: bytes) -> Decimal:
    """The same number, from the bytes of one field."""
    count, weight, sign, _ = struct.unpack_from(">hhHH", field)
    if sign in (_NAN, _INFINITE, _MINUS_INFINITE):
        return Decimal({_NAN: "NaN", _INFINITE: "Infinity", _MINUS_INFINITE: "-Infinity"}[sign])
    digits = struct.unpack_from(f">{count}H", field, 8)
    text = "".join(f"{digit:04d}" for digit in digits) or "0"
    value = Decimal(int(text)).scaleb(4 * (weight + 1 - count) if count else 0, _WIDE)
    return -value if sign == _MINUS else value


@njit(cache=True, nogil=True)
def read_floats(
    data: Buffer, starts: Int32s, lengths: Int32s, out: npt.NDArray[np.float64], left_open: Int32s
) -> int:
    """Fill `out` with the nearest float64 of each field, NaN for a null (length -1).

    The rows of those that are left open are put into `left_open` (as long as `out`); how many there are,
    or -1 where a field is no numeric. O(n).
    """
    left = 0
    for row in range(len(out)):
        out[row] = np.nan
        if lengths[row] < 0:
            continue
        at = starts[row]
        if lengths[row] < 8 or lengths[row] != 8 + 2 * _word(data, at):
            return -1
        sign = _word(data, at + 4)
        if sign in (_INFINITE, _MINUS_INFINITE):
            out[row] = np.inf if sign == _INFINITE else -np.inf
        elif sign != _NAN:
            value = _float(data, at)
            if value < 0:
                left_open[left] = row
                left += 1
            out[row] = -value if sign == _MINUS else value
    return left


@njit(cache=True, nogil=True)
def read_decimals(data: Buffer, starts: Int32s, lengths: Int32s, out: UInt64s) -> int:
    """Fill `out` (rows x 2: low and high half) with each field times 10**18, 0 for a null (length -1).

    The first row that does not fit, times 4, plus why; or -1. O(n).
    """
    for row in range(len(out)):
        out[row, 0] = out[row, 1] = np.uint64(0)
        if lengths[row] < 0:
            continue
        at = starts[row]
        if lengths[row] < 8 or lengths[row] != 8 + 2 * _word(data, at):
            return row * 4 + MISREAD
        fault = _decimal(data, at, out[row])
        if fault:
            return row * 4 + fault
    return -1


@njit(cache=True, nogil=True)
def _word(data: Buffer, at: int) -> int:
    """The unsigned big-endian integer of two bytes."""
    return int(np.int64(data[at]) << 8 | np.int64(data[at + 1]))


@njit(cache=True, nogil=True)
def _signed_word(data: Buffer, at: int) -> int:
    value = _word(data, at)
    return value - 0x10000 if value >= 0x8000 else value


@njit(cache=True, nogil=True)
def _float(data: Buffer, at: int) -> float:
    """The nearest float64 of a numeric without its sign; -1 where that is left open."""
    count = _word(data, at)
    power = 4 * (_signed_word(data, at + 2) + 1 - count)
    if count <= 4:
        small = 0
        for index in range(count):
            small = small * 10_000 + _word(data, at + 8 + 2 * index)
        if small <= 2**53 and -22 <= power <= 22:
            # Both are exact, so that one operation rounds once.
            if power < 0:
                return float(small / _FLOATS_OF_TEN[-power])
            return float(small * _FLOATS_OF_TEN[power])
        return float(_rounded(np.uint64(small), power))
    return float(_long_float(data, at, count, power))


@njit(cache=True, nogil=True)
def _long_float(data: Buffer, at: int, count: int, power: int) -> float:
    """The same of more than 4 base-10000 digits: from the leading 19 decimal ones, if they suffice."""
    first = _word(data, at + 8)
    room = _MAX_DIGITS - (1 + (first >= 10) + (first >= 100) + (first >= 1000))
    whole = np.uint64(first)
    taken = 1
    while taken < count and room >= 4:
        whole = whole * np.uint64(10_000) + np.uint64(_word(data, at + 8 + 2 * taken))
        taken += 1
        room -= 4
    power += 4 * (count - taken)
    if taken == count:
        return _rounded(whole, power)
    ten = _INTEGERS_OF_TEN
    digits = np.uint64(_word(data, at + 8 + 2 * taken)) // ten[4 - room]
    whole = whole * ten[room] + digits
    below = _rounded(whole, power - room)
    above = _rounded(whole + np.uint64(1), power - room)
    return below if below == above else -1.0


@njit(cache=True, nogil=True)
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """The high half of the product of two unsigned 64-bit integers."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a_low, a_high, b_low, b_high = a & mask, a >> half, b & mask, b >> half
    middle = a_high * b_low + ((a_low * b_low) >> half)
    other = a_low * b_high + (middle & mask)
    return a_high * b_high + (middle >> half) + (other >> half)


@njit(cache=True, nogil=True)
def _rounded(whole: np.uint64, power: int) -> float:
    """The float64 nearest to whole * 10**power (whole of 64 bits, unsigned); -1 where it is left open.

    Names and steps are those of the paper's reference implementation.
    """
    if whole == np.uint64(0):
        return 0.0
    if power < -_MAX_POWER or power > _MAX_POWER:
        return -1.0
    one = np.uint64(1)
    zeros = 0
    while whole >> np.uint64(63) == np.uint64(0):
        whole = whole << one
        zeros += 1
    five_high, five_low = _FIVES_HIGH[power + _MAX_POWER], _FIVES_LOW[power + _MAX_POWER]
    high, low = _high(whole, five_high), whole * five_high
    if high & np.uint64(0x1FF) == np.uint64(0x1FF):
        more = low + _high(whole, five_low)
        if more < low:
            high += one
        low = more
        if low == np.uint64(0xFFFFFFFFFFFFFFFF):
            return -1.0
    upper = high >> np.uint64(63)
    shift = upper + np.uint64(9)
    mantissa = high >> shift
    if (
        low <= one
        and -4 <= power <= 23
        and mantissa & np.uint64(3) == one
        and mantissa << shift == high
    ):
        mantissa -= one  # a tie goes to the even one
    mantissa = (mantissa + (mantissa & one)) >> one
    # Of a product of at most 64 + 64 bits; within the powers taken here nothing is subnormal.
    exponent = ((217_706 * power) >> 16) + 63 + np.int64(upper) - zeros - 52
    return math.ldexp(float(mantissa), int(exponent))


@njit(cache=True, nogil=True)
def _decimal(data: Buffer, at: int, out: UInt64s) -> int:
    """Put one field times 10**18 into (low, high) as a two's complement; why it does not fit, or 0."""
    sign = _word(data, at + 4)
    if sign not in (0, _MINUS):
        return NO_NUMBER
    count = _word(data, at)
    weight = _signed_word(data, at + 2)
    places = weight + 1 + _PLACES if count else 0
    if count and weight > 4:
        return TOO_LARGE
    if places < count:
        return TOO_FINE
    low = high = np.uint64(0)
    for index in range(places):
        digit = _word(data, at + 8 + 2 * index) if index < count else 0
        factor = _INTEGERS_OF_TEN[4]
        if index == places - 1:  # half of it is behind the last decimal
            if digit % 100:
                return TOO_FINE
            digit //= 100
            factor = _INTEGERS_OF_TEN[2]
        high = high * factor + _high(low, factor)
        low = low * factor + np.uint64(digit)
        if low < np.uint64(digit):
            high += np.uint64(1)
    if sign == _MINUS:
        low, high = ~low, ~high
        low += np.uint64(1)
        if low == np.uint64(0):
            high += np.uint64(1)
    out[0], out[1] = low, high
    return 0
