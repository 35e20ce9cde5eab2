"""The statistics of the minute skeleton: levels, correlation, clustering of volatility."""

import numpy as np
import pytest

from connectors.sandbox.levels import MINUTES, Levels
from connectors.sandbox.universe import DRIVERS, Float64s, correlations, minute_volatilities

DAY = 20_781
DAYS = 6


@pytest.fixture(scope="module")
def returns() -> Float64s:
    """Log-returns of six days of minutes, (8640, drivers)."""
    levels = Levels(7)
    return np.concatenate([np.diff(levels.day(DAY + d).levels, axis=0) for d in range(DAYS)])


def test_a_day_begins_where_the_day_before_ended() -> None:
    levels = Levels(7)
    assert np.allclose(levels.day(DAY).levels[-1], levels.day(DAY + 1).levels[0], atol=1e-12)


def test_a_day_depends_on_the_seed_and_its_number_alone() -> None:
    fresh, used = Levels(7), Levels(7)
    for day in range(DAY - 5, DAY):
        used.day(day)
    assert np.array_equal(fresh.day(DAY).levels, used.day(DAY).levels)
    assert not np.array_equal(fresh.day(DAY).levels, Levels(8).day(DAY).levels)


def test_levels_stay_near_the_realistic_ones_for_years() -> None:
    levels = Levels(7)
    logs = np.array([levels.day_start(DAY + 30 * month) for month in range(60)])
    distance = np.abs(logs - np.log([driver.level for driver in DRIVERS]))
    daily = minute_volatilities() * np.sqrt(MINUTES)
    assert (distance < 5 * 4.2 * daily).all()


def test_returns_have_the_specified_correlations(returns: Float64s) -> None:
    sample = np.corrcoef(returns, rowvar=False)
    assert np.abs(sample - correlations()).max() < 0.12
    assert np.abs(sample - correlations()).mean() < 0.02


def test_returns_have_the_specified_volatilities(returns: Float64s) -> None:
    ratio = returns.std(axis=0) / minute_volatilities()
    assert np.abs(ratio - 1.0).max() < 0.15


def test_returns_are_not_autocorrelated(returns: Float64s) -> None:
    standard_error = 1.0 / np.sqrt(len(returns))
    for lag in (1, 2, 5):
        correlation = _autocorrelations(returns, lag)
        assert np.abs(correlation).max() < 6 * standard_error
        assert abs(correlation.mean()) < 2 * standard_error


def test_squared_returns_are_autocorrelated(returns: Float64s) -> None:
    standard_error = 1.0 / np.sqrt(len(returns))
    for lag in (1, 5, 20):
        correlation = _autocorrelations(returns**2, lag)
        assert correlation.min() > 2 * standard_error
        assert correlation.mean() > 5 * standard_error


def test_volatility_clusters_beyond_the_hour_of_the_day() -> None:
    levels = Levels(7)
    turbulence = np.concatenate([levels.day(DAY + d).turbulence for d in range(DAYS)])
    assert 0.6 < turbulence.min() + 0.3 < turbulence.max()
    assert turbulence.max() > 1.5
    assert np.allclose((turbulence**2).mean(axis=0), 1.0, atol=0.35)


def test_turbulence_goes_on_over_midnight() -> None:
    levels = Levels(7)
    before, after = levels.day(DAY).turbulence[-1], levels.day(DAY + 1).turbulence[0]
    assert np.abs(after / before - 1.0).max() < 0.5
    assert np.corrcoef(before, after)[0, 1] > 0.6


def _autocorrelations(columns: Float64s, lag: int) -> Float64s:
    centred = columns - columns.mean(axis=0)
    covariance = (centred[lag:] * centred[:-lag]).mean(axis=0)
    correlation: Float64s = covariance / (centred**2).mean(axis=0)
    return correlation
