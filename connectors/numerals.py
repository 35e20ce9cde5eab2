"""Numbers as providers write them: exact, from bytes to integers, never through binary floats.

The kernels read plain decimals of up to 18 significant digits and leave everything else (signs,
exponents, longer numbers, what is no number) to `number_of`, which decides alone.
"""

import re
from decimal import Decimal

import msgspec
import numpy as np
import numpy.typing as npt

from connectors.kernels import kernel
from market.errors import NotAPriceError
from market.prices import MAX_DIGITS, MAX_EXPONENT, exact

Bytes = npt.NDArray[np.uint8]

MAX_NUMERAL_CHARS = 80
MAX_VOLUME = 10**18

_NUMERAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_POINT = ord(".")
_ZERO = ord("0")
_NINE = 9


def text_of(raw: msgspec.Raw) -> str:
    """The text of a JSON number or string, as it was written; anything else as its JSON."""
    data = bytes(raw)
    if data[:1] != b'"':
        return data.decode("utf-8", "replace")
    if data.isascii() and b"\\" not in data:
        return data[1:-1].decode("ascii")
    try:
        return str(msgspec.json.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def number_of(value: str | msgspec.Raw) -> Decimal:
    """A positive number as it was written, in the digits that a price can keep.

    NotAPriceError: zero, negative, NaN, null, a boolean, or no number in ASCII digits.
    """
    text = _numeral(value)
    exact(text)
    return Decimal(text)


def pair_of(value: str | msgspec.Raw) -> tuple[int, int]:
    """Mantissa and exponent of `number_of(value)`; quick for short plain decimals."""
    text = text_of(value) if isinstance(value, msgspec.Raw) else value
    whole, point, fraction = text.partition(".")
    if len(text) <= MAX_DIGITS and _is_digits(whole) and (_is_digits(fraction) or not point):
        fraction = fraction.rstrip("0")
        mantissa = int(whole + fraction)
        if mantissa:
            return mantissa, len(fraction)
    return exact(_numeral(text))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def volume_of(value: str | msgspec.Raw) -> Decimal:
    """A volume as it was written: a number that may be zero."""
    text = _numeral(value)
    if not 0 <= Decimal(text) < MAX_VOLUME:
        raise NotAPriceError(text)
    return Decimal(text)


def _numeral(value: str | msgspec.Raw) -> str:
    text = text_of(value) if isinstance(value, msgspec.Raw) else value
    if len(text) > MAX_NUMERAL_CHARS or not _NUMERAL.fullmatch(text):
        raise NotAPriceError(text[:MAX_NUMERAL_CHARS])
    return text


@kernel
def read_decimal(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Mantissa and exponent of the plain decimal at `at`, and where it ends; mantissa 0 if none.

    `digits[.digits]` with at most 18 significant digits as written; zeros after the last other
    decimal are dropped. O(length).
    """
    mantissa = 0
    digits = 0
    start = at
    while at < end:
        digit = int(np.int64(data[np.uint64(at)])) - _ZERO
        if digit < 0 or digit > _NINE:
            break
        mantissa = mantissa * 10 + digit
        if digits > 0 or digit > 0:
            digits += 1
        at += 1
    kept = mantissa
    exponent = 0
    valid = at > start
    if valid and at < end and data[at] == _POINT:
        at += 1
        start = at
        while at < end:
            digit = int(np.int64(data[np.uint64(at)])) - _ZERO
            if digit < 0 or digit > _NINE:
                break
            mantissa = mantissa * 10 + digit
            if digits > 0 or digit > 0:
                digits += 1
            at += 1
            if digit > 0:
                kept = mantissa
                exponent = at - start
        valid = at > start
    if not valid or digits > MAX_DIGITS or exponent > MAX_EXPONENT:
        return 0, 0, at
    return kept, exponent, at


@kernel
def read_integer(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The JSON integer of at most 18 digits at `at`, and where it ends; -1 if there is none."""
    value = 0
    start = at
    while at < end:
        digit = int(np.int64(data[np.uint64(at)])) - _ZERO
        if digit < 0 or digit > _NINE:
            break
        value = value * 10 + digit
        at += 1
    length = at - start
    if length == 0 or length > MAX_DIGITS or (length > 1 and data[start] == _ZERO):
        return -1, at
    return value, at


@kernel
def power_of_ten(exponent: int) -> int:
    """10**exponent, for exponents of 0 to 18."""
    power = 1
    for _ in range(exponent):
        power *= 10
    return power


@kernel
def common_exponent(
    first: int, first_exponent: int, second: int, second_exponent: int
) -> tuple[int, int, int]:
    """Two mantissas under the larger exponent of the two; zeros where that needs over 18 digits."""
    exponent = max(first_exponent, second_exponent)
    if exponent - first_exponent > MAX_DIGITS or exponent - second_exponent > MAX_DIGITS:
        return 0, 0, 0
    limit = power_of_ten(MAX_DIGITS)
    up_first = power_of_ten(exponent - first_exponent)
    up_second = power_of_ten(exponent - second_exponent)
    if first >= limit // up_first or second >= limit // up_second:
        return 0, 0, 0
    return first * up_first, second * up_second, exponent
