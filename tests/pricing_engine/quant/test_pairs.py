"""Measures of pairs: published values, numbers that make running sums drift, holes."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_engine.quant.pairs import Measure, rolling_pairs, whole_pairs
from tests.reference import quant as reference

ANSCOMBE_X = [10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
ANSCOMBE_Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
"""F. J. Anscombe, Graphs in Statistical Analysis (1973): correlation 0.816, slope 0.500."""
PAIR = np.array([0]), np.array([1])


def test_the_published_correlation_and_slope_come_out() -> None:
    both = np.array([ANSCOMBE_Y, ANSCOMBE_X])
    for measure, expected in ((Measure.CORRELATION, 0.816), (Measure.BETA, 0.500)):
        whole = whole_pairs(both, *PAIR, 2, 1, measure)
        rolling = rolling_pairs(both, *PAIR, 11, 2, 1, measure)
        assert round(float(whole[0]), 3) == round(float(rolling[0, -1]), 3) == expected


def test_a_window_counts_rows_and_the_minimum_those_with_both() -> None:
    x = [1.0, 2, math.nan, 4, 9, 3]
    y = [2.0, math.nan, 1, 3, 5, 8]
    both = np.array([x, y])
    found = rolling_pairs(both, *PAIR, 4, 3, 1, Measure.COVARIANCE)[0]
    assert np.isnan(found[:5]).all()
    assert found[5] == pytest.approx(statistics.covariance([4, 9, 3], [3, 5, 8]))


def test_a_jump_leaves_no_trace() -> None:
    x = [1e12, *(1e-3 * math.sin(row) for row in range(100))]
    y = [*(1e-3 * math.cos(row * 1.3) for row in range(100)), -1e12]
    found = rolling_pairs(np.array([x, y]), *PAIR, 20, 20, 1, Measure.CORRELATION)[0]
    for row in range(20, 100):
        window = slice(row - 19, row + 1)
        expected = statistics.correlation(x[window], y[window])
        assert found[row] == pytest.approx(expected, abs=1e-9)


def test_what_does_not_move_correlates_with_nothing() -> None:
    both = np.array([[0.1] * 30, [0.2 + row for row in range(30)]])
    for way, ends in ((both, (0.0, math.nan, 0.0)), (both[::-1], (0.0, math.nan, math.nan))):
        for measure, expected in zip(Measure, ends, strict=True):
            whole = whole_pairs(way, *PAIR, 5, 1, measure)[0]
            rolling = rolling_pairs(way, *PAIR, 5, 5, 1, measure)[0, -1]
            assert np.array_equal([whole, rolling], [expected, expected], equal_nan=True)


@settings(deadline=None)  # the first example compiles
@given(
    rows=st.lists(
        st.tuples(st.none() | st.floats(-10, 10, width=32), st.floats(-10, 10, width=32)),
        max_size=50,
    ),
    window=st.integers(2, 8),
)
def test_any_pair_equals_the_reference(rows: list[tuple[float | None, float]], window: int) -> None:
    x, y = [a for a, _ in rows], [b for _, b in rows]
    floats = np.array([[math.nan if each is None else each for each in x], y])
    found = rolling_pairs(floats, *PAIR, window, 2, 1, Measure.COVARIANCE)[0]
    expected = reference.rolling_pair(x, y, window, 2, reference.covariance)
    assert np.isnan(found).tolist() == [value is None for value in expected]
    for ours, theirs in zip(found.tolist(), expected, strict=True):
        assert theirs is None or ours == pytest.approx(theirs, abs=1e-9)
