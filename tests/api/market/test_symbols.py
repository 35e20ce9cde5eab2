"""Lists of symbols."""

import pytest

from api.errors import InvalidParameterError
from api.market.symbols import MAX_SYMBOLS, named_instruments
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE


def test_each_once_in_the_order_of_the_list() -> None:
    found = named_instruments(" AAPL ,EUR-USD,,AAPL", CATALOGUE)
    assert found is not None
    assert [instrument.symbol for instrument in found] == ["AAPL", "EUR-USD"]


def test_no_list_is_none() -> None:
    assert named_instruments(None, CATALOGUE) is None


@pytest.mark.parametrize("symbols", ["", " , ", ",".join(map(str, range(MAX_SYMBOLS + 1)))])
def test_an_empty_and_an_endless_list_are_refused(symbols: str) -> None:
    with pytest.raises(InvalidParameterError):
        named_instruments(symbols, CATALOGUE)


@pytest.mark.parametrize("symbol", ["NOPE", "eur-usd", "EUR/USD"])
def test_the_first_unknown_is_named(symbol: str) -> None:
    with pytest.raises(UnknownSymbolError, match=symbol):
        named_instruments(f"AAPL,{symbol},ALSO-NOT", CATALOGUE)
