"""Numbers with a fixed number of places are exact, and times have six decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.digits import fixed, stamp
from tests.connectors.support import us


@pytest.mark.parametrize(
    ("units", "decimals", "places", "text"),
    [
        (10_594_420, 2, 2, "105944.20"),
        (27_625, 8, 8, "0.00027625"),
        (5, 0, 8, "5.00000000"),
        (-24, 2, 2, "-0.24"),
        (7, 0, 0, "7"),
    ],
)
def test_a_number(units: int, decimals: int, places: int, text: str) -> None:
    assert fixed(units, decimals, places) == text


@given(st.integers(-(10**20), 10**20), st.integers(0, 10), st.integers(0, 8))
def test_it_is_exact(units: int, decimals: int, more: int) -> None:
    assert Decimal(fixed(units, decimals, decimals + more)) == Decimal(units).scaleb(-decimals)


def test_a_time() -> None:
    assert stamp(us("2023-10-06T17:35:55")) == "2023-10-06T17:35:55.000000Z"
    assert stamp(us("2023-10-06T17:35:55.440295")) == "2023-10-06T17:35:55.440295Z"
