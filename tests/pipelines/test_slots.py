"""Slots: every key its own place, until the table is half full."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.slots import empty_slots, find_slot, slot_key, take_slots

KEYS = st.lists(
    st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**15 - 1)), unique=True, max_size=8
)


@given(KEYS)
def test_every_key_keeps_a_place_of_its_own(pairs: list[tuple[int, int]]) -> None:
    slots = empty_slots(16)
    keys = [slot_key(*pair) for pair in pairs]
    places = [find_slot(slots, key) for key in keys]
    assert len(set(places)) == len(keys)
    assert [find_slot(slots, key) for key in reversed(keys)] == places[::-1]


def test_a_half_full_table_takes_no_more() -> None:
    slots = empty_slots(4)
    assert find_slot(slots, slot_key(1, 1)) >= 0
    assert find_slot(slots, slot_key(2, 1)) >= 0
    assert find_slot(slots, slot_key(3, 1)) == -1
    assert find_slot(slots, slot_key(1, 1)) >= 0


def test_rows_take_a_slot_for_each_of_their_keys_if_there_is_room() -> None:
    instruments, sources = np.array([1, 1, 2, 1], np.int32), np.array([1, 1, 1, 2], np.int16)
    slots = empty_slots(8)
    assert take_slots(slots, instruments, sources)
    assert set(slots[slots >= 0]) == {slot_key(1, 1), slot_key(2, 1), slot_key(1, 2)}
    assert not take_slots(empty_slots(4), instruments, sources)
