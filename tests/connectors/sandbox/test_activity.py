"""Activity: follows variance and moves, is log-normal, bursts, and is usual on the whole."""

import numpy as np
import pytest

from connectors.sandbox.activity import SECONDS, activity
from connectors.sandbox.noise import generator
from connectors.sandbox.universe import Float64s

MINUTES = 20_000


def of_minutes(volatility: float, move: float) -> Float64s:
    """The activity of many minutes alike."""
    noise = generator(7, "activity", 0)
    seconds = activity(noise, np.full(MINUTES, volatility), np.full(MINUTES, move))
    assert seconds.shape == (MINUTES, SECONDS)
    assert (seconds > 0).all()
    means: Float64s = seconds.mean(axis=1)
    return means


def test_it_is_usual_on_the_whole() -> None:
    moves = generator(7, "moves", 0).standard_normal(MINUTES)
    seconds = activity(generator(7, "activity", 0), np.ones(MINUTES), moves)
    assert seconds.mean() == pytest.approx(1.0, abs=0.1)


def test_it_follows_the_variance_and_the_move() -> None:
    usual = of_minutes(1.0, 1.0)
    assert np.allclose(of_minutes(2.0, 1.0) / usual, 4.0)
    assert np.allclose(of_minutes(1.0, -3.0), of_minutes(1.0, 3.0))
    assert (of_minutes(1.0, 3.0) > 2.0 * usual).all()


def test_it_is_spread_and_bursts() -> None:
    logs = np.log(of_minutes(1.0, 1.0))
    assert 0.4 < logs.std() < 0.8
    assert 0.005 < (logs > np.median(logs) + np.log(4.0)).mean() < 0.03


def test_seconds_of_a_minute_differ() -> None:
    seconds = activity(generator(7, "activity", 0), np.ones(100), np.zeros(100))
    assert (seconds.max(axis=1) > 2.0 * seconds.mean(axis=1)).mean() > 0.9
