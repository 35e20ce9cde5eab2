"""Exact prices: what is one, what is none, and that no digit is lost."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import NotAPriceError
from market.prices import MAX_DIGITS, MAX_EXPONENT, decimal_of, exact
from tests.market.strategies import decimals

LIMIT = 10**MAX_DIGITS


def rounded(value: Decimal) -> Decimal:
    return Context(prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN).plus(value)


class TestExact:
    @pytest.mark.parametrize(
        ("value", "pair"),
        [
            ("1.10250", (11025, 4)),
            ("100", (100, 0)),
            ("1e2", (100, 0)),
            ("0.00001234", (1234, 8)),
            (1.234e-07, (1234, 10)),
            (0.1, (1, 1)),
            (50_000, (50_000, 0)),
            (np.float64(1.5), (15, 1)),
            (Decimal("1.0000000000000000000000"), (1, 0)),
            ("123456789012345678", (123456789012345678, 0)),
            ("0.123456789012345678", (123456789012345678, 18)),
            ("1E-36", (1, 36)),
            ("1.234567890123456785", (123456789012345678, 17)),  # a tie goes to the even digit
            ("1.234567890123456775", (123456789012345678, 17)),
        ],
    )
    def test_a_number_as_a_provider_writes_it(
        self, value: str | float | Decimal, pair: tuple[int, int]
    ) -> None:
        assert exact(value) == pair

    @pytest.mark.parametrize(
        "value",
        [
            *(
                "NaN",
                "sNaN",
                "inf",
                "-Infinity",
                "0",
                "-0",
                "0.000",
                "-1.5",
                "",
                " ",
                "None",
                "1,5",
            ),
            *(
                "0x10",
                "1_000",
                "1.5USD",
                "١٢",
                "1e1000000",
                "1e999999",
                "1e18",
                "1e-37",
                "1e-999999",
            ),
            *(float("nan"), float("inf"), 0.0, -0.0, -1.5, 1e300, 1e-300, 0, -1, 10**400),
            *(True, False, None, b"1.5", [0, [1, 2], -1], (0, (1, 2), -1), {}, 1 + 0j),
            *(np.float64("nan"), np.bool_(True), Decimal("NaN"), Decimal(0), Decimal("-1")),
        ],
        ids=repr,
    )
    def test_what_is_no_price_is_refused_and_named(self, value: object) -> None:
        with pytest.raises(NotAPriceError) as caught:
            exact(value)  # type: ignore[arg-type]  # what a provider's JSON may hold
        assert caught.value.value is value
        assert str(caught.value) == f"not a price: {value!r}"

    @given(decimals(digits=30, exponents=(0, 30)))
    def test_is_the_number_rounded_to_18_digits(self, value: Decimal) -> None:
        wanted = rounded(value)
        if wanted >= LIMIT:
            with pytest.raises(NotAPriceError):
                exact(value)
            return
        mantissa, exponent = exact(value)
        assert Fraction(mantissa, 10**exponent) == Fraction(wanted)
        assert 0 < mantissa < LIMIT
        assert 0 <= exponent <= MAX_EXPONENT
        assert exponent == 0 or mantissa % 10

    @given(decimals(), st.integers(0, 12))
    def test_equal_numbers_have_equal_pairs(self, value: Decimal, zeros: int) -> None:
        padded = f"{value:f}" + ("" if "." in f"{value:f}" else ".") + "0" * zeros
        assert exact(padded) == exact(value) == exact(f"{value:E}") == exact(f" {value}"[1:])

    @given(st.floats(min_value=1e-18, max_value=1e15))
    def test_a_float_is_its_shortest_representation(self, value: float) -> None:
        mantissa, exponent = exact(value)
        assert (mantissa, exponent) == exact(repr(value))
        assert float(decimal_of(mantissa, exponent)) == value

    @given(st.text(max_size=12))
    def test_text_is_a_price_or_refused(self, text: str) -> None:
        try:
            mantissa, _ = exact(text)
        except NotAPriceError:
            return
        assert mantissa > 0


class TestDecimalOf:
    @given(decimals(exponents=(0, 18)))
    def test_gives_back_what_exact_took(self, value: Decimal) -> None:
        assert decimal_of(*exact(value)) == value
