"""The window: a ring whose sum stays that of its marks, and the closer look at what is far from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.ticks import QUOTE, TRADE, Int64s
from pipelines.outliers import (
    ACCEPTED,
    COUNTS,
    HELD_COLUMNS,
    INVERTED,
    MINOR_UNITS,
    OUTLIER,
    SEQ,
    SIZE,
    TIME,
    held_mark,
    look_closer,
    mark_of,
    push,
    waits,
)

PLACE = (1, 0)


@given(st.lists(st.floats(0.1, 1e6), max_size=30), st.integers(2, 7))
def test_the_ring_holds_the_last_marks_and_their_sum(marks: list[float], width: int) -> None:
    window, sums = np.zeros((2, 2, 50)), np.zeros((2, 2))
    counts = np.zeros((2, 2, COUNTS), np.int64)
    for mark in marks:
        push(window, sums, counts, PLACE, mark, width)
    size = counts[*PLACE, SIZE]
    assert sorted(window[*PLACE, :size]) == sorted(marks[-width:])
    assert sums[PLACE] == pytest.approx(sum(marks[-width:]), abs=1e-6)
    assert not window[0].any()


def test_a_window_that_is_wider_than_the_rules_say_begins_anew() -> None:
    window, sums = np.ones((2, 2, 50)), np.full((2, 2), 50.0)
    counts = np.full((2, 2, COUNTS), 50, np.int64)
    push(window, sums, counts, PLACE, 3.0, 10)
    assert (counts[*PLACE, SIZE], sums[PLACE]) == (1, 3.0)


@pytest.mark.parametrize(
    ("marks", "mark", "verdict"),
    [
        ([100.0, 102.0], 111.0, ACCEPTED),  # 10 deviations of 1 from 101
        ([100.0, 102.0], 111.1, OUTLIER),
        ([100.0, 102.0], 90.9, OUTLIER),
        ([100.0, 100.0], 10_900.0, MINOR_UNITS),
        ([100.0, 100.0], 0.92, MINOR_UNITS),
        ([100.0, 100.0], 11_100.0, OUTLIER),
        ([4.0, 4.0], 0.254, INVERTED),
        ([4.0, 4.0], 0.3, OUTLIER),
        ([1.2, 1.2], 0.8333, OUTLIER),  # too close to 1 for a factor of 2
    ],
)
def test_the_closer_look(marks: list[float], mark: float, verdict: int) -> None:
    window = np.zeros((2, 2, 50))
    window[*PLACE, :2] = marks
    assert look_closer(window, PLACE, 2, mark, (10.0, 2.0)) == verdict


def test_a_mark_is_the_mid_of_a_quote_else_the_price() -> None:
    assert mark_of(QUOTE, (11, 12, 0), 1) == 1.15
    assert mark_of(TRADE, (0, 0, 125), 2) == 1.25


def test_waiting_ticks_are_known_by_time_and_sequence() -> None:
    held: Int64s = np.zeros((2, 2, 4, HELD_COLUMNS), np.int64)
    held[1, 0, 1, [TIME, SEQ]] = 5, 7
    assert waits(held, PLACE, 2, (5, 7))
    assert not waits(held, PLACE, 1, (5, 7))
    assert not waits(held, PLACE, 2, (5, 8))
    assert held_mark(held, PLACE, 1) == 0
