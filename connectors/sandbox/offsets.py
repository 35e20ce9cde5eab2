"""How far a venue's prices lie from the market's: a basis point or two, drifting with the hour.

A function of the seed and the time, like every price: history and stream agree, and so does a restart.
"""

from dataclasses import dataclass

import numpy as np

from connectors.sandbox.noise import generator
from connectors.sandbox.universe import Float64s

_BASE_BP = 1.2
_WAVE_BP = 0.5
_PERIOD_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Offset:
    """A constant part, and a wave of an hour; in basis points, the phase in radians."""

    base_bp: float
    wave_bp: float
    phase: float

    def at(self, time_s: Float64s) -> Float64s:
        """The offset as a fraction of the price at seconds since 1970, in (n,) and out (n,)."""
        wave = np.sin(2.0 * np.pi * (time_s % _PERIOD_S) / _PERIOD_S + self.phase)
        fractions: Float64s = (self.base_bp + self.wave_bp * wave) * 1e-4
        return fractions


def venue_offset(seed: int, venue: str, symbol: str) -> Offset:
    """The offset of a venue's pair."""
    noise = generator(seed, f"offset {venue} {symbol}", 0)
    base_bp = float(np.clip(noise.standard_normal(), -2.0, 2.0)) * _BASE_BP
    return Offset(base_bp, _WAVE_BP, float(noise.random()) * 2.0 * np.pi)
