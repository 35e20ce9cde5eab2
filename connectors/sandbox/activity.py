"""Activity: how much is traded in each second of a block, in multiples of the usual.

Volume follows variance, and with it the hour of the day and the turbulence; it is higher in a minute
that moves; what is left over is log-normal, of the minute and of the second, and now and then a minute
is a burst. The mean over days is about 1.
"""

import numpy as np

from connectors.sandbox.universe import Float64s

SECONDS = 60

_STILL, _PER_MOVE = 0.4, 0.75
"""What is traded in a minute that does not move, and more for each standard deviation that it does."""
_MINUTE_SIGMA = 0.45
_SECOND_SIGMA = 0.6
_BURST_CHANCE = 0.02
_BURST_MEAN = 2.0


def activity(noise: np.random.Generator, volatilities: Float64s, moves: Float64s) -> Float64s:
    """The (minutes, 60) activity of each second.

    `volatilities` are the minutes' standard deviations relative to the usual, `moves` the returns in such
    standard deviations; both have shape (minutes,).
    """
    minutes = len(volatilities)
    expected = volatilities**2 * (_STILL + _PER_MOVE * np.abs(moves))
    bursts = (noise.random(minutes) < _BURST_CHANCE) * (
        1.0 + noise.exponential(_BURST_MEAN, minutes)
    )
    of_minutes = expected * (1.0 + bursts) * _log_normal(noise, _MINUTE_SIGMA, (minutes,))
    of_seconds: Float64s = of_minutes[:, None] * _log_normal(
        noise, _SECOND_SIGMA, (minutes, SECONDS)
    )
    return of_seconds


def _log_normal(noise: np.random.Generator, sigma: float, shape: tuple[int, ...]) -> Float64s:
    """Log-normal numbers whose mean is 1."""
    return noise.lognormal(-0.5 * sigma**2, sigma, shape)
