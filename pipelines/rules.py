"""Rules of quality as kernels read them: an array's row an instrument."""

from dataclasses import dataclass

import numpy as np

from market.instruments import AssetClass, Instrument, InstrumentTable
from market.quality import QualityRules, Tolerance
from market.ticks import Bools, Float64s
from pipelines.outliers import RULES

FX_INVERSE_BEYOND = 1.03
INVERSE_BEYOND = 2.0
"""How far from 1 (as a factor) a price must be for its inverse to be told from a move of the market.

Rates of currencies do not move by a twentieth between two ticks; coins may halve while we are away.
"""


@dataclass(frozen=True, slots=True)
class RuleTable:
    """`numbers` (n, 5): floor, deviations, window, minimum, inverse beyond; `is_fx` (n,): by instrument
    id. Row 0 is of an instrument that is not in the table.
    """

    numbers: Float64s
    is_fx: Bools

    @classmethod
    def of(cls, instruments: InstrumentTable, rules: QualityRules) -> "RuleTable":
        """The rules of these instruments."""
        highest = max((instrument.id for instrument in instruments), default=0)
        numbers = np.empty((highest + 1, RULES))
        numbers[:] = _row(rules.default, INVERSE_BEYOND)
        is_fx = np.zeros(highest + 1, np.bool_)
        for instrument in instruments:
            numbers[instrument.id] = _row(rules.of(instrument.symbol), _inverse_beyond(instrument))
            is_fx[instrument.id] = instrument.asset_class is AssetClass.FX
        return cls(numbers, is_fx)


def _inverse_beyond(instrument: Instrument) -> float:
    return FX_INVERSE_BEYOND if instrument.asset_class is AssetClass.FX else INVERSE_BEYOND


def _row(tolerance: Tolerance, inverse_beyond: float) -> tuple[float, ...]:
    return (
        tolerance.floor,
        tolerance.deviations,
        float(tolerance.window),
        float(tolerance.minimum),
        inverse_beyond,
    )
