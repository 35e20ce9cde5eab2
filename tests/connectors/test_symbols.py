"""Symbols are found by their bytes alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.symbols import (
    MAX_SYMBOL_BYTES,
    SymbolTable,
    find_words,
    id_of,
    symbol_table,
    words,
)
from market.errors import UnknownSymbolError

names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=MAX_SYMBOL_BYTES)


def find(table: SymbolTable, name: str) -> int:
    data = np.frombuffer(f"--{name}--".encode(), np.uint8)
    return find_words(table, *words(data, 2, 2 + len(name)))


@settings(deadline=None)
@given(st.sets(names, max_size=60), st.sets(names, max_size=20))
def test_every_name_is_found_and_no_other(known: set[str], others: set[str]) -> None:
    rows = dict(zip(sorted(known), range(1, 100), strict=False))
    table = symbol_table(rows.items())
    assert {name: find(table, name) for name in known | others} == {
        name: rows.get(name, -1) for name in known | others
    }


@pytest.mark.parametrize("name", ["", "A" * (MAX_SYMBOL_BYTES + 1), "É"])
def test_a_name_that_no_venue_gives_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"symbol|ascii"):
        symbol_table([(name, 1)])


def test_a_name_is_one_instrument_or_named_as_unknown() -> None:
    assert id_of("BTCUSDT", {"BTCUSDT": 101}) == 101
    with pytest.raises(UnknownSymbolError, match=f"{'A' * MAX_SYMBOL_BYTES}$"):
        id_of("A" * (MAX_SYMBOL_BYTES + 1), {"BTCUSDT": 101})
