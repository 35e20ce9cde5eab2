"""Ranges of time: cut, joined, bounded."""

import numpy as np

from storage.history.ranges import MAX_RANGES, bounded, runs, within


def test_what_of_ranges_lies_in_another() -> None:
    assert within([(0, 10), (20, 30), (40, 50)], 5, 25) == [(5, 10), (20, 25)]
    assert within([(0, 10)], 10, 20) == []


def test_units_that_touch_are_one_range() -> None:
    assert runs(np.array([30, 0, 10, 50, 10]), 10) == [(0, 20), (30, 40), (50, 60)]
    assert runs(np.array([], np.int64), 10) == []


def test_too_many_ranges_are_read_as_one() -> None:
    few = [(n * 10, n * 10 + 1) for n in range(MAX_RANGES)]
    assert bounded(few) == few
    assert bounded([*few, (900, 901)]) == [(0, 901)]
