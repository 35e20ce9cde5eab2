"""Numbers are read exactly, and what is no number is never one."""

from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.numerals import (
    common_exponent,
    number_of,
    pair_of,
    power_of_ten,
    read_decimal,
    read_integer,
    text_of,
    volume_of,
)
from market.errors import NotAPriceError
from market.prices import exact
from market.ticks import Tick, TickBatch

plain = st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,20})?", fullmatch=True)
NOT_PRICES = [
    "0",
    "0.000",
    "-1.5",
    "NaN",
    "Infinity",
    "-",
    "",
    "1_000",
    " 1",
    "1,5",
    "٣",
    "0x10",
    "+1",
    ".5",
    "5.",
    "1e99",
    "1e-99",
    "1" * 81,
]


def as_bytes(text: str) -> np.typing.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


@settings(deadline=None, max_examples=1000)
@given(plain)
@example("61837.63000000")
@example("9" * 19)
@example("9300000000000000000")
@example("0." + "0" * 30 + "1")
@example("0." + "0" * 36 + "1")
def test_the_kernel_reads_a_plain_decimal_as_decimal_does(text: str) -> None:
    mantissa, exponent, end = read_decimal(as_bytes(text), 0, len(text))
    assert end == len(text)
    written = text.replace(".", "").lstrip("0")
    if len(written) > 18 or Decimal(text) == 0 or exact_or_none(text) is None:
        assert mantissa == 0
    else:
        assert (mantissa, exponent) == exact(text)
        assert Decimal(mantissa).scaleb(-exponent) == Decimal(text)


def exact_or_none(text: str) -> tuple[int, int] | None:
    try:
        return exact(text)
    except NotAPriceError:
        return None


@pytest.mark.parametrize("text", ["", ".5", "5.", "-1", "x"])
def test_the_kernel_leaves_other_forms_alone(text: str) -> None:
    assert read_decimal(as_bytes(text + '"'), 0, len(text))[0] == 0


def test_the_kernel_stops_where_the_number_does() -> None:
    assert read_decimal(as_bytes('12.50","q"'), 0, 10) == (125, 1, 5)
    assert read_decimal(as_bytes("1.2.3"), 0, 5) == (12, 1, 3)


@settings(deadline=None)
@given(st.integers(0, 10**18 - 1))
def test_the_kernel_reads_integers(value: int) -> None:
    text = str(value)
    assert read_integer(as_bytes(text + ","), 0, len(text) + 1) == (value, len(text))


@pytest.mark.parametrize("text", ["", "-1", "007", "1" * 19, "x"])
def test_the_kernel_refuses_what_json_calls_no_integer(text: str) -> None:
    assert read_integer(as_bytes(text), 0, len(text))[0] == -1


def test_powers_of_ten() -> None:
    assert [power_of_ten(exponent) for exponent in range(19)] == [10**n for n in range(19)]


@settings(deadline=None)
@given(
    st.decimals("0.00000001", "999999", places=8),
    st.decimals("0.0001", "999999", places=4),
)
def test_a_common_exponent_is_the_larger_one(bid: Decimal, ask: Decimal) -> None:
    row = TickBatch.of([Tick(0, 1, 1, ord("q"), bid=bid, ask=ask)])
    expected = int(row.bid[0]), int(row.ask[0]), int(row.exponent[0])
    assert common_exponent(*exact(bid), *exact(ask)) == expected


def test_a_common_exponent_of_more_than_18_digits_is_left_to_others() -> None:
    assert common_exponent(10**17, 0, 1, 2) == (0, 0, 0)
    assert common_exponent(1, 0, 1, 36) == (0, 0, 0)


@given(st.decimals("1e-12", "999999999", places=12) | st.decimals("1e-18", "1e-9", places=18))
def test_a_number_is_what_was_written(value: Decimal) -> None:
    assert number_of(str(value)) == value
    assert number_of(msgspec.Raw(str(value).encode())) == value
    assert number_of(msgspec.Raw(f'"{value}"'.encode())) == value


@pytest.mark.parametrize("text", NOT_PRICES)
def test_what_is_no_price_is_refused(text: str) -> None:
    for read in (number_of, pair_of):
        with pytest.raises(NotAPriceError):
            read(text)


@given(plain | st.sampled_from(["1e-7", "1.50e3", "0.1" + "0" * 30]))
def test_a_pair_is_the_exact_number(text: str) -> None:
    assert exact_or_none(text) == (pair_of(text) if exact_or_none(text) else None)


@pytest.mark.parametrize("raw", [b"null", b"true", b"[]", b"{}", b'"\\ud800"', b"0", b"-0.1"])
def test_json_that_is_no_price_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAPriceError):
        number_of(msgspec.Raw(raw))


def test_a_volume_may_be_zero_but_not_negative() -> None:
    assert volume_of("0") == 0
    assert volume_of("12.5") == Decimal("12.5")
    for text in ("-1", "1e18", "", "NaN"):
        with pytest.raises(NotAPriceError):
            volume_of(text)


def test_the_text_of_json() -> None:
    assert text_of(msgspec.Raw(b"1.50")) == "1.50"
    assert text_of(msgspec.Raw(b'"a\\u0062"')) == "ab"
    assert text_of(msgspec.Raw(b"null")) == "null"
