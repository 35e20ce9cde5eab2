"""Exact prices: an integer and the number of its decimals, up to 18 significant digits.

A price is `mantissa / 10**exponent`. The engines read floats; what is stored and served is this.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow

from market.errors import NotAPriceError

MAX_DIGITS = 18
"""An int64 holds every integer of so many digits."""
MAX_EXPONENT = 36
"""Decimals that a price or size may have; what is smaller than 10**-36 is no price."""

_CONTEXT = Context(prec=MAX_DIGITS, rounding=ROUND_HALF_EVEN)


def exact(value: str | int | float | Decimal) -> tuple[int, int]:
    """Mantissa and exponent of a positive, finite number as a provider wrote it.

    A float is read by its shortest representation. Digits beyond the 18th are rounded half-even.
    Trailing zeros after the point are dropped, so that equal numbers have equal pairs.
    NotAPriceError: zero, negative, NaN, infinite, a boolean, or not a number at all.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise NotAPriceError(value)
    if isinstance(value, str) and not value.isascii():
        raise NotAPriceError(value)
    try:
        number = _CONTEXT.create_decimal(
            float.__repr__(value) if isinstance(value, float) else value
        )
    except (InvalidOperation, Overflow) as error:
        raise NotAPriceError(value) from error
    if not number.is_finite() or number <= 0:
        raise NotAPriceError(value)
    return _pair(number, value)


def decimal_of(mantissa: int, exponent: int) -> Decimal:
    """The same number as a Decimal."""
    return Decimal(mantissa).scaleb(-exponent)


def _pair(number: Decimal, value: object) -> tuple[int, int]:
    _, digits, power = number.as_tuple()
    assert isinstance(power, int)
    mantissa = int("".join(map(str, digits)))
    while power < 0 and mantissa % 10 == 0:
        mantissa //= 10
        power += 1
    if power > 0:
        if len(str(mantissa)) + power > MAX_DIGITS:
            raise NotAPriceError(value)
        mantissa *= 10**power
        power = 0
    if -power > MAX_EXPONENT:
        raise NotAPriceError(value)
    return mantissa, -power
