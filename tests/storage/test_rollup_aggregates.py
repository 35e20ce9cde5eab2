"""Rollups with TimescaleDB: the windows that are asked for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.rollup_aggregates import HOLE, runs
from tests.storage.rolling import HOUR, MIDNIGHT


class TestRuns:
    def test_hours_that_are_near_each_other_are_one_run(self) -> None:
        hours = [MIDNIGHT + number * HOUR for number in (3, 0, 1, 1, 27, 5, 53)]
        assert list(runs(hours, HOUR)) == [
            (MIDNIGHT, MIDNIGHT + 28 * HOUR),
            (MIDNIGHT + 53 * HOUR, MIDNIGHT + 54 * HOUR),
        ]

    def test_of_none_there_are_none(self) -> None:
        assert list(runs([], HOUR)) == []

    @given(st.sets(st.integers(0, 300)))
    def test_they_hold_all_of_these_hours_and_no_two_are_near(self, numbers: set[int]) -> None:
        hours = {MIDNIGHT + number * HOUR for number in numbers}
        found = list(runs(hours, HOUR))
        assert all(any(start <= hour < end for start, end in found) for hour in hours)
        assert all(start in hours and end - HOUR in hours for start, end in found)
        assert all(other[0] - one[1] > HOLE for one, other in pairwise(found))
