"""Slots: a small hash from (instrument, source) to rows of state arrays, for use inside kernels."""

import numpy as np
from numba import njit

from market.ticks import Int16s, Int32s, Int64s

EMPTY = -1


def empty_slots(capacity: int = 16) -> Int64s:
    """A table that holds `capacity / 2` keys; a power of two, a key's slot is its place in it."""
    return np.full(capacity, EMPTY, np.int64)


@njit(cache=True, nogil=True)
def slot_key(instrument: int, source: int) -> int:
    """One integer for an instrument and a source."""
    return (int(instrument) << 16) | int(source)


@njit(cache=True, nogil=True)
def find_slot(slots: Int64s, key: int) -> int:
    """The slot of a key, taken for it if it is new; -1 where the table is half full.

    O(1) for a key that is there; a new one counts what is taken, O(slots).
    """
    mask = len(slots) - 1
    place = (key * 0x9E3779B1 >> 8) & mask
    while slots[place] != EMPTY:
        if slots[place] == key:
            return place
        place = (place + 1) & mask
    taken = 0
    for other in slots:
        taken += other != EMPTY
    if 2 * (taken + 1) > len(slots):
        return -1
    slots[place] = key
    return place


@njit(cache=True, nogil=True)
def take_slots(slots: Int64s, instrument: Int32s, source: Int16s) -> bool:
    """Give each key of these rows a slot; False where the table has too few. O(rows)."""
    last = EMPTY
    for row in range(len(instrument)):
        key = slot_key(instrument[row], source[row])
        if key != last:
            last = key
            if find_slot(slots, key) < 0:
                return False
    return True
