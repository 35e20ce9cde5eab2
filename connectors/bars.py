"""What the bars of every provider have in common: four exact prices that make sense together."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from connectors.errors import MalformedError
from connectors.numerals import number_of


def bar_prices(
    provider: str, values: Sequence[str | msgspec.Raw]
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Open, high, low and close. NotAPriceError, or MalformedError where one lies outside."""
    first, high, low, last = (number_of(value) for value in values)
    if not low <= min(first, last) or not max(first, last) <= high:
        raise MalformedError(provider, "a bar whose high and low do not hold its open and close")
    return first, high, low, last
