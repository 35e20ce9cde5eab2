"""The minute skeleton: where every driver stands at each minute of a day, and how turbulent it is.

Daily levels are mean-reverting: an AR(1), written as its moving average over a finite window, so
that a day's level needs no epoch. Inside a day, minute returns have GARCH(1,1) variance, and are bent
to end at the next day's level, in proportion to the expected variance. GARCH forgets its start in
half a day, so it runs in from noon of the day before: a day depends on the seed and its own number.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from connectors.sandbox.noise import Float32s, normals
from connectors.sandbox.universe import (
    COMMON_FACTORS,
    DRIVERS,
    Float64s,
    loadings,
    minute_volatilities,
)
from market.instruments import AssetClass

MINUTES = 1440
MEAN_REVERSION = 0.97
MEMORY_DAYS = 256
RUN_IN_MINUTES = 720

GARCH_ALPHA = {AssetClass.FX: 0.05, AssetClass.CRYPTO: 0.07, AssetClass.STOCK: 0.06}
GARCH_PERSISTENCE = 0.98
"""alpha + beta: shocks to the variance have a half-life of 34 minutes."""

_KEPT_DAILY_SHOCKS = 4_096
"""Neighbouring days share all but one of theirs: a year of days would else make each 256 times."""
_PEAK_HOUR_UTC = 15.0
_PEAK_WIDTH_HOURS = {AssetClass.FX: 5.0, AssetClass.CRYPTO: 6.0, AssetClass.STOCK: 3.0}
_PEAK_HEIGHT = {AssetClass.FX: 0.8, AssetClass.CRYPTO: 0.3, AssetClass.STOCK: 1.5}


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of all drivers: log-levels (1441, drivers), and (1440, drivers) each minute's
    standard deviation, and its variance factor's root alone: 1 is usual, more is turbulent."""

    levels: Float64s
    sigmas: Float64s
    turbulence: Float64s


class Levels:
    """The skeleton of one seed. Days are made when asked for; a few are kept."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._weights = loadings()
        self._base = np.log([driver.level for driver in DRIVERS])
        self._minute_sigma = minute_volatilities()
        self._alpha = np.array([GARCH_ALPHA[driver.asset_class] for driver in DRIVERS])
        self._season = np.stack([_season(driver.asset_class) for driver in DRIVERS], axis=1)
        self.day = lru_cache(maxsize=4)(self._make_day)
        self._shocks = lru_cache(maxsize=4)(self._make_shocks)
        self._daily_shock = lru_cache(maxsize=_KEPT_DAILY_SHOCKS)(self._make_daily_shock)

    def day_start(self, day: int) -> Float64s:
        """The log-levels at 00:00 UTC of a day (counted from 1970)."""
        window = np.stack([self._daily_shock(day - 1 - back) for back in range(MEMORY_DAYS)])
        weights = MEAN_REVERSION ** np.arange(MEMORY_DAYS)
        daily_sigma = self._minute_sigma * np.sqrt(MINUTES)
        start: Float64s = self._base + daily_sigma * (weights @ window)
        return start

    def _make_day(self, day: int) -> Day:
        turbulence = self._turbulence(day)
        sigmas = self._minute_sigma * turbulence * self._season
        free = np.vstack([np.zeros(len(DRIVERS)), np.cumsum(sigmas * self._shocks(day), axis=0)])
        elapsed = np.vstack([np.zeros(len(DRIVERS)), np.cumsum(self._season**2, axis=0)]) / MINUTES
        start, end = self.day_start(day), self.day_start(day + 1)
        levels = start + free + elapsed * (end - start - free[-1])
        return Day(levels, sigmas, turbulence)

    def _turbulence(self, day: int) -> Float64s:
        """sqrt of the GARCH variance ahead of each minute; 1 is usual."""
        before = self._shocks(day - 1)[MINUTES - RUN_IN_MINUTES :]
        squares = np.vstack([before, self._shocks(day)]) ** 2
        beta = GARCH_PERSISTENCE - self._alpha
        factors = beta + self._alpha * squares
        variances = np.empty_like(factors)
        variance = np.ones(len(DRIVERS))
        for minute, factor in enumerate(factors):
            variances[minute] = variance
            variance = (1.0 - GARCH_PERSISTENCE) + variance * factor
        turbulence: Float64s = np.sqrt(variances[RUN_IN_MINUTES:])
        return turbulence

    def _make_shocks(self, day: int) -> Float64s:
        """Correlated standard normal shocks, (1440, drivers)."""
        count = MINUTES * (COMMON_FACTORS + len(DRIVERS))
        return self._mix(normals(self._seed, "minute", day, count).reshape(MINUTES, -1))

    def _make_daily_shock(self, day: int) -> Float64s:
        count = COMMON_FACTORS + len(DRIVERS)
        shock: Float64s = self._mix(normals(self._seed, "day", day, count).reshape(1, -1))[0]
        return shock

    def _mix(self, noise: Float32s) -> Float64s:
        common = self._weights[:, :COMMON_FACTORS]
        mixed: Float64s = noise[:, :COMMON_FACTORS] @ common.T
        mixed += noise[:, COMMON_FACTORS:] * self._weights[:, COMMON_FACTORS]
        return mixed


def _season(asset_class: AssetClass) -> Float64s:
    """The volatility of each minute of the day; its mean square is 1."""
    hours = (np.arange(MINUTES) + 0.5) / 60.0
    distance = (hours - _PEAK_HOUR_UTC + 12.0) % 24.0 - 12.0
    bump = np.exp(-0.5 * (distance / _PEAK_WIDTH_HOURS[asset_class]) ** 2)
    shape: Float64s = 1.0 + _PEAK_HEIGHT[asset_class] * bump
    shape /= np.sqrt(np.mean(shape**2))
    return shape
