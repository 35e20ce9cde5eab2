"""A series is written once, as JSON with numbered Meta Data or as a table."""

from connectors.sandbox.alphavantage_rows import (
    Rows,
    Series,
    coin_of,
    is_full,
    pair_of,
    size_text,
    written,
)
from tests.connectors.sandbox.conftest import body, get

ROWS: Rows = {
    "2026-11-24": {"1. open": "2", "5. volume": 7},
    "2026-11-23": {"1. open": "1", "5. volume": 8},
}
SERIES = Series("Time Series", {"Symbol": "KO", "Last Refreshed": ""}, ROWS)


def test_json_numbers_its_meta_data_and_says_what_is_newest() -> None:
    assert body(written(get("query"), SERIES)) == {
        "Meta Data": {"1. Symbol": "KO", "2. Last Refreshed": "2026-11-24"},
        "Time Series": ROWS,
    }


def test_a_table_has_a_column_for_each_key() -> None:
    answer = written(get("query", datatype="csv"), SERIES)
    assert answer.body == b"timestamp,open,volume\r\n2026-11-24,2,7\r\n2026-11-23,1,8\r\n"


def test_pairs_and_coins_are_those_of_the_catalogue() -> None:
    assert pair_of(get("", from_symbol="eur", to_symbol="usd")) == ("EUR", "USD")
    assert pair_of(get("", from_symbol="BTC", to_symbol="USD")) is None
    assert coin_of(get("", symbol="BTC", market="usd")) == ("BTC", "USD")
    assert coin_of(get("", symbol="EUR", market="USD")) is None


def test_a_size_is_compact_unless_it_is_full() -> None:
    full, compact = get("", outputsize="full"), get("")
    assert (is_full(full), is_full(compact)) == (True, False)
    assert (size_text(full), size_text(compact)) == ("Full size", "Compact")
