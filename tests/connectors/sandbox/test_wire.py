"""The common parts of the wire formats."""

import pytest

from connectors.sandbox.hours import AlwaysOpen, RealHours
from connectors.sandbox.wire import build_world, decimal_text, json_answer


@pytest.mark.parametrize(
    ("units", "decimals", "places", "text"),
    [
        (26_812, 2, 4, "268.1200"),
        (115_437, 5, 8, "1.15437000"),
        (11_303, 9, 8, "0.00001130"),
        (-66, 2, 4, "-0.6600"),
        (0, 2, 4, "0.0000"),
    ],
)
def test_decimal_text_is_exact(units: int, decimals: int, places: int, text: str) -> None:
    assert decimal_text(units, decimals, places) == text


def test_json_is_compact_and_small_numbers_have_an_exponent() -> None:
    answer = json_answer({"usd": 1.234e-07}, status=400)
    assert answer.body == b'{"usd":1.234e-07}'
    assert answer.status == 400


def test_the_profiles_differ_in_their_hours() -> None:
    assert isinstance(build_world("premium", 7, 250).simulator.hours, AlwaysOpen)
    assert isinstance(build_world("free", 7, 250).simulator.hours, RealHours)
    with pytest.raises(KeyError):
        build_world("gold", 7, 250)
