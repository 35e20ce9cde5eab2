"""Symbols as bytes in a payload, found without a Python object a row.

A name of up to 16 ASCII bytes is two words, its bytes shifted in from the right; two names are equal
when their words are.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from connectors.kernels import kernel
from connectors.numerals import Bytes
from market.errors import UnknownSymbolError

MAX_SYMBOL_BYTES = 16
"""What a venue may call an instrument; longer names are unknown."""

_WORD_BYTES = 8
_FACTOR = 0x9E37_79B1
_WORD = 0xFFFF_FFFF
_EMPTY = -1


class SymbolTable(NamedTuple):
    """Open addressing over a power of two of slots: `ids` (-1 is empty), `first` and `second` words."""

    ids: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


def symbol_table(symbols: Iterable[tuple[str, int]]) -> SymbolTable:
    """The table of these names and instrument ids. ValueError: a name that is not ASCII or too long."""
    rows = [(name.encode("ascii"), instrument) for name, instrument in symbols]
    size = 16
    while size < 4 * len(rows):
        size *= 2
    table = SymbolTable(
        np.full(size, _EMPTY, np.int32), np.zeros(size, np.int64), np.zeros(size, np.int64)
    )
    for name, instrument in rows:
        if not 0 < len(name) <= MAX_SYMBOL_BYTES:
            raise ValueError(f"a symbol of 1 to {MAX_SYMBOL_BYTES} bytes: {name!r}")
        first, second = words(np.frombuffer(name, np.uint8), 0, len(name))
        slot = _slot(first, second, size)
        while table.ids[slot] != _EMPTY:
            slot = (slot + 1) & (size - 1)
        table.ids[slot], table.first[slot], table.second[slot] = instrument, first, second
    return table


def id_of(symbol: str, names: Mapping[str, int]) -> int:
    """The instrument that a venue calls so. UnknownSymbolError where none is."""
    if symbol not in names:
        raise UnknownSymbolError(symbol[:MAX_SYMBOL_BYTES])
    return names[symbol]


@kernel
def words(data: Bytes, start: int, end: int) -> tuple[int, int]:
    """The two words of the name in `data[start:end]`, at most 16 bytes of it."""
    first = 0
    second = 0
    for at in range(start, min(end, start + _WORD_BYTES)):
        first = (first << 8) | int(np.int64(data[np.uint64(at)]))
    for at in range(start + _WORD_BYTES, min(end, start + MAX_SYMBOL_BYTES)):
        second = (second << 8) | int(np.int64(data[np.uint64(at)]))
    return first, second


@kernel
def find_words(table: SymbolTable, first: int, second: int) -> int:
    """The id of the name of these words, or -1. O(1) but for collisions."""
    size = len(table.ids)
    slot = _slot(first, second, size)
    while table.ids[slot] != _EMPTY:
        if table.first[slot] == first and table.second[slot] == second:
            return int(table.ids[slot])
        slot = (slot + 1) & (size - 1)
    return _EMPTY


@kernel
def _slot(first: int, second: int, size: int) -> int:
    mixed = ((first ^ (first >> 32) ^ (second * 7)) & _WORD) * _FACTOR
    return (mixed >> 15) & (size - 1)
