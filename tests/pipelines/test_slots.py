"""Slots: every key its own place, until the table is half full."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.slots import empty_slots, find_slot, slot_key

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
