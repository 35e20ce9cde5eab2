"""Ranks, worked by hand and against the reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_engine.quant.ranks import ranks_across
from tests.reference import quant as reference

NAN = float("nan")


def test_ties_share_the_mean_of_their_ranks_and_nothing_has_none() -> None:
    values = np.array([[2.0, NAN], [1.0, NAN], [2.0, 7.0], [NAN, NAN], [2.0, 7.0]])
    expected = np.array([[3.0, NAN], [1.0, NAN], [3.0, 1.5], [NAN, NAN], [3.0, 1.5]])
    assert np.array_equal(ranks_across(values), expected, equal_nan=True)


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.none() | st.sampled_from([0.0, -1.0, 1.0, 5.5]) | st.floats(-9, 9), max_size=12))
def test_any_time_equals_the_reference(values: list[float | None]) -> None:
    floats = np.array([[NAN if value is None else value] for value in values]).reshape(-1, 1)
    found = [None if np.isnan(rank) else rank for rank in ranks_across(floats)[:, 0]]
    assert found == reference.rank(values)
