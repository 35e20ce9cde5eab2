"""Rolling moments: a published example, numbers that make running sums drift, and any series at all."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_engine.quant.moments import rolling_moments
from tests.reference import quant as reference

CLOSES = (
    "86.16 89.09 88.78 90.32 89.07 91.15 89.44 89.18 86.93 87.68 86.96 89.43 89.32 88.72 87.45 87.26 "
    "89.50 87.90 89.13 90.70 92.90 92.98 91.80 92.66 92.68 92.30 92.77 92.54 92.95 93.20 91.07 89.83"
)
"""StockCharts' ChartSchool, Bollinger bands (20, 2): the first are 86.12, 88.71, 91.29."""


def test_the_published_bands_come_out() -> None:
    closes = np.array([float(word) for word in CLOSES.split()])
    moments = rolling_moments(closes, np.array([0, len(closes)]), 20, 20, 0)
    assert moments.mean[19] == pytest.approx(88.71, abs=0.006)
    assert moments.deviation[19] == pytest.approx(1.29, abs=0.006)
    assert moments.mean[19] + 2 * moments.deviation[19] == pytest.approx(91.29, abs=0.006)
    assert moments.mean[19] - 2 * moments.deviation[19] == pytest.approx(86.12, abs=0.006)


def test_what_was_large_leaves_no_trace() -> None:
    values = [1e12, -1e12, 3e11, *(0.1 + 1e-6 * (row % 5) for row in range(60))]
    moments = rolling_moments(np.array(values), np.array([0, len(values)]), 10, 10, 1)
    for row in range(12, len(values)):
        window = values[row - 9 : row + 1]
        assert moments.mean[row] == pytest.approx(statistics.fmean(window), rel=1e-15)
        assert moments.deviation[row] == pytest.approx(statistics.stdev(window), rel=1e-9)


def test_a_level_far_from_zero_loses_no_digits() -> None:
    values = [1e9 + math.sin(row) for row in range(1_000)]
    moments = rolling_moments(np.array(values), np.array([0, 1_000]), 50, 50, 1)
    for row in range(49, 1_000, 37):
        expected = statistics.stdev(values[row - 49 : row + 1])
        assert moments.deviation[row] == pytest.approx(expected, rel=1e-9)


def test_series_do_not_see_each_other() -> None:
    moments = rolling_moments(np.array([1.0, 2.0, 30.0, 40.0]), np.array([0, 2, 4]), 2, 1, 0)
    assert moments.mean.tolist() == [1.0, 1.5, 30.0, 35.0]


VALUES = st.lists(
    st.none() | st.sampled_from([0.0, 1.0, 1.0, -3.5]) | st.floats(-1e6, 1e6, width=32), max_size=60
)


@settings(deadline=None)  # the first example compiles
@given(values=VALUES, window=st.integers(1, 9), minimum=st.integers(1, 9))
def test_any_series_equals_the_reference(
    values: list[float | None], window: int, minimum: int
) -> None:
    minimum = min(minimum, window)
    floats = np.array([math.nan if value is None else value for value in values])
    moments = rolling_moments(floats, np.array([0, len(values)]), window, minimum, 1)
    means = reference.rolling_mean(values, window, minimum)
    deviations = reference.rolling_std(values, window, minimum)
    scale = max((abs(value) for value in values if value is not None), default=0.0)
    for found, expected in ((moments.mean, means), (moments.deviation, deviations)):
        assert np.isnan(found).tolist() == [value is None for value in expected]
        for ours, theirs in zip(found.tolist(), expected, strict=True):
            assert theirs is None or ours == pytest.approx(theirs, rel=1e-6, abs=1e-9 * scale)


@settings(deadline=None)  # the first example compiles
@given(values=VALUES.filter(lambda values: len(values) > 12), cut=st.integers(0, 12))
def test_rolling_over_a_slice_is_the_slice_of_rolling(values: list[float | None], cut: int) -> None:
    window = 5
    floats = np.array([math.nan if value is None else value for value in values])
    whole = rolling_moments(floats, np.array([0, len(values)]), window, 1, 1)
    part = rolling_moments(floats[cut:], np.array([0, len(values) - cut]), window, 1, 1)
    settled = slice(window - 1, None)
    scale = 1 + np.nanmax(np.abs(floats), initial=0.0, where=~np.isnan(floats))
    for ours, theirs in ((part.mean, whole.mean), (part.deviation, whole.deviation)):
        assert ours[settled] == pytest.approx(theirs[cut:][settled], abs=1e-8 * scale, nan_ok=True)
