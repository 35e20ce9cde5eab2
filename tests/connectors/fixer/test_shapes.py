"""The shapes of Fixer's answers."""

import pytest

from connectors.answers import decode
from connectors.errors import MalformedError
from connectors.fixer.shapes import Series, Table


@pytest.mark.parametrize("timestamp", ["true", "0", "-5", "1.5", '"1519296206"', "100000000000"])
def test_a_time_is_a_positive_number_of_seconds(timestamp: str) -> None:
    with pytest.raises(MalformedError):
        decode("fixer", f'{{"timestamp":{timestamp},"base":"EUR","rates":{{}}}}'.encode(), Table)


def test_a_base_and_rates_are_needed() -> None:
    with pytest.raises(MalformedError):
        decode("fixer", b'{"timestamp":1,"base":1,"rates":{}}', Table)
    with pytest.raises(MalformedError):
        decode("fixer", b'{"base":"EUR","rates":{"2026-01-01":[]}}', Series)
    assert decode("fixer", b'{"base":"EUR","rates":{"2026-01-01":{}}}', Series).rates == {
        "2026-01-01": {}
    }
