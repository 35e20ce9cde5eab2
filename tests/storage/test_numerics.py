"""Numerics: the float64 nearest to any of them, the decimal equal to it, and what does not fit."""

import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.numerics import (
    NO_NUMBER,
    TOO_FINE,
    TOO_LARGE,
    Buffer,
    Int32s,
    decimal_of,
    read_decimals,
    read_floats,
)

PLACE = Decimal("1e-18")
DECIMALS = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power),
    st.one_of(st.integers(-(10**19), 10**19), st.integers(-(10**38), 10**38)),
    st.integers(-40, 20),
)
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e60, max_value=1e60)


def field(number: Decimal | str) -> bytes:
    """What PostgreSQL sends for a number."""
    text = f"{Decimal(number):f}"
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = "0" * (-len(whole) % 4) + whole
    digits = whole + fraction + "0" * (-len(fraction) % 4)
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    sign = 0x4000 if text.startswith("-") and groups else 0
    head = (len(groups), weight if groups else 0, sign, len(fraction))
    return struct.pack(f">hhHH{len(groups)}H", *head, *groups)


def special(sign: int) -> bytes:
    return struct.pack(">hhHH", 0, 0, sign, 0)


def floats(fields: list[bytes | None]) -> tuple[list[float], list[int]]:
    """The float64s, and the rows that were left open."""
    data, starts, lengths = laid_out(fields)
    out, left_open = np.empty(len(fields)), np.empty(len(fields), np.int32)
    count = read_floats(data, starts, lengths, out, left_open)
    return out.tolist(), left_open[:count].tolist()


def decimals(fields: list[bytes | None]) -> list[Decimal] | tuple[int, int]:
    """The decimals, or the row that does not fit and why."""
    data, starts, lengths = laid_out(fields)
    out = np.empty((len(fields), 2), np.uint64)
    fault = read_decimals(data, starts, lengths, out)
    if fault >= 0:
        return divmod(fault, 4)
    units = (int.from_bytes(row.tobytes(), "little", signed=True) for row in out)
    return [Decimal(f"{unit}e-18") for unit in units]


def laid_out(fields: list[bytes | None]) -> tuple[Buffer, Int32s, Int32s]:
    lengths = np.array([-1 if each is None else len(each) for each in fields], np.int32)
    starts = np.zeros(len(fields), np.int32)
    starts[1:] = np.cumsum(np.maximum(lengths, 0))[:-1]
    return np.frombuffer(b"".join(each or b"" for each in fields), np.uint8), starts, lengths


class TestFloats:
    @settings(max_examples=300)
    @given(st.lists(DECIMALS, min_size=1, max_size=20))
    def test_are_the_nearest_or_left_open(self, numbers: list[Decimal]) -> None:
        found, left_open = floats([field(number) for number in numbers])
        for row, number in enumerate(numbers):
            if row not in left_open:
                assert found[row] == float(number)

    @settings(max_examples=200)
    @given(FINITE)
    def test_what_lies_between_two_floats_goes_to_the_nearer(self, low: float) -> None:
        middle = (Decimal(low) + Decimal(float(np.nextafter(low, np.inf)))) / 2
        near = [middle, middle * (1 + Decimal("1e-25")), middle * (1 - Decimal("1e-25"))]
        found, left_open = floats([field(number) for number in near])
        for row, number in enumerate(near):
            assert row in left_open or found[row] == float(number)

    @given(st.integers(2**53, 2**60))
    def test_a_tie_goes_to_the_even_one(self, number: int) -> None:
        assert floats([field(Decimal(number))]) == ([float(number)], [])

    @pytest.mark.parametrize(
        "number", "61837.63 1.10234 0.00027625 1.234e-07 12345678901234.5678 -0.1 0 1e22".split()
    )
    def test_no_price_is_left_open(self, number: str) -> None:
        assert floats([field(number)]) == ([float(number)], [])

    def test_nulls_and_what_is_no_number(self) -> None:
        found, left_open = floats([None, special(0xC000), special(0xD000), special(0xF000)])
        assert np.isnan(found[:2]).all()
        assert found[2:] == [np.inf, -np.inf]
        assert left_open == []


class TestDecimals:
    @settings(max_examples=300)
    @given(st.lists(st.integers(-(10**38) + 1, 10**38 - 1), min_size=1, max_size=20))
    def test_are_equal(self, units: list[int]) -> None:
        numbers = [Decimal(f"{unit}e-18") for unit in units]
        assert decimals([field(number) for number in numbers]) == numbers

    def test_a_null_is_none_of_them(self) -> None:
        assert decimals([None, field("1.5")]) == [0, Decimal("1.5")]

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            ("1e-19", TOO_FINE),
            ("1.0000000000000000001", TOO_FINE),
            ("1e-30", TOO_FINE),
            ("1e20", TOO_LARGE),
            ("-1e20", TOO_LARGE),
            ("1e90", TOO_LARGE),
        ],
    )
    def test_what_does_not_fit_is_named(self, number: str, reason: int) -> None:
        assert decimals([field("1"), field(number)]) == (1, reason)

    @pytest.mark.parametrize("sign", [0xC000, 0xD000, 0xF000])
    def test_what_is_no_number_does_not_fit(self, sign: int) -> None:
        assert decimals([special(sign)]) == (0, NO_NUMBER)

    def test_zeros_behind_the_last_decimal_do_fit(self) -> None:
        assert decimals([field("1.50000000000000000000000")]) == [Decimal("1.5")]


@given(DECIMALS)
def test_a_field_is_read_exactly(number: Decimal) -> None:
    assert decimal_of(field(number)) == number


def test_a_field_that_is_no_number() -> None:
    assert [str(decimal_of(special(sign))) for sign in (0xC000, 0xD000, 0xF000)] == [
        "NaN",
        "Infinity",
        "-Infinity",
    ]
