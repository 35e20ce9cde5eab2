"""Words of a query on what came in."""

from datetime import UTC, datetime

import pytest

from api.errors import InvalidParameterError
from api.market.sources import FIRST, LAST, instrument_id, known_provider, symbol_of, time_range
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_provider_is_known_or_refused_with_those_that_are() -> None:
    assert (known_provider(None), known_provider("kraken")) == (None, "kraken")
    with pytest.raises(InvalidParameterError, match=r"binance, .*ecb"):
        known_provider("bloomberg")


def test_a_symbol_and_its_id() -> None:
    assert instrument_id(CATALOGUE, None) is None
    assert symbol_of(CATALOGUE, instrument_id(CATALOGUE, "BTC-USD")) == "BTC-USD"
    assert (symbol_of(CATALOGUE, None), symbol_of(CATALOGUE, 99_999)) == (None, None)
    with pytest.raises(UnknownSymbolError):
        instrument_id(CATALOGUE, "NOPE")


def test_a_range_is_all_times_where_nothing_is_said() -> None:
    assert time_range(None, None) == (FIRST, LAST)
    assert time_range(NOON, None) == (NOON, LAST)
    with pytest.raises(InvalidParameterError, match="later than start"):
        time_range(NOON, NOON)
