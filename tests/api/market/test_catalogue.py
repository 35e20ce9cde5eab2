"""Finding instruments."""

import pytest

from api.market.catalogue import find_instruments
from api.market.schemas import InstrumentParameters
from market.instruments import CATALOGUE


def found(**parameters: str) -> list[object]:
    query = InstrumentParameters.model_validate(parameters)
    return [item["symbol"] for item in find_instruments(CATALOGUE, query)]


def test_everything_in_the_order_of_the_catalogue() -> None:
    assert found() == [instrument.symbol for instrument in CATALOGUE]


@pytest.mark.parametrize(
    ("needle", "first"),
    [("v", "V"), ("V ", "V"), ("usd", "USD-JPY"), ("bitcoin", "BTC-USDT"), ("apple", "AAPL")],
)
def test_the_closest_comes_first(needle: str, first: str) -> None:
    assert found(q=needle)[0] == first


def test_what_is_nowhere_is_not_found() -> None:
    assert found(q="zzz") == []


def test_a_class_alone() -> None:
    assert found(**{"class": "stock", "q": "mic"}) == ["MSFT"]


def test_an_order_that_was_asked_for() -> None:
    symbols = [instrument.symbol for instrument in CATALOGUE]
    assert found(sort="symbol") == sorted(symbols)
    assert found(sort="-symbol") == sorted(symbols, reverse=True)
