"""Rollups with TimescaleDB: the windows that are asked for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.rollup_aggregates import runs
from tests.storage.rolling import HOUR, MIDNIGHT


class TestRuns:
    def test_hours_that_follow_each_other_are_one_run(self) -> None:
        hours = [MIDNIGHT + number * HOUR for number in (3, 0, 1, 1, 5, 4)]
        assert list(runs(hours, HOUR)) == [
            (MIDNIGHT, MIDNIGHT + 2 * HOUR),
            (MIDNIGHT + 3 * HOUR, MIDNIGHT + 6 * HOUR),
        ]

    def test_of_none_there_are_none(self) -> None:
        assert list(runs([], HOUR)) == []

    @given(st.sets(st.integers(0, 30)))
    def test_they_hold_just_these_hours_and_no_two_touch(self, numbers: set[int]) -> None:
        found = list(runs((MIDNIGHT + number * HOUR for number in numbers), HOUR))
        held = {
            (start - MIDNIGHT) // HOUR + ahead
            for start, end in found
            for ahead in range((end - start) // HOUR)
        }
        assert held == numbers
        assert all(one[1] < other[0] for one, other in pairwise(found))
