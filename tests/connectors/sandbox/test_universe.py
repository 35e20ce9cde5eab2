"""The table of what is simulated."""

import numpy as np
import pytest

from connectors.sandbox.universe import (
    DRIVER_INDEX,
    DRIVERS,
    correlations,
    half_spread,
    loadings,
    minute_volatilities,
)
from market.instruments import CATALOGUE


def test_every_instrument_is_a_ratio_of_known_drivers() -> None:
    known = {"USD", *DRIVER_INDEX}
    assert {i.symbol for i in CATALOGUE if not {i.base, i.quote} <= known} == set()


def test_weights_give_every_driver_unit_variance() -> None:
    assert np.allclose((loadings() ** 2).sum(axis=1), 1.0)


def test_the_correlation_matrix_is_one() -> None:
    matrix = correlations()
    assert np.array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > 0.0


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [("EUR", "CHF", 0.4, 0.6), ("BTC", "ETH", 0.7, 0.9), ("AAPL", "MSFT", 0.5, 0.7),
     ("BTC", "AAPL", 0.1, 0.3), ("EUR", "KO", 0.0, 0.15)],
)  # fmt: skip
def test_relatives_move_together(one: str, other: str, low: float, high: float) -> None:
    assert low < correlations()[DRIVER_INDEX[one], DRIVER_INDEX[other]] < high


def test_volatilities_are_annual_ones_scaled_to_a_minute() -> None:
    bitcoin = DRIVER_INDEX["BTC"]
    scale = np.sqrt(365 * 1440)
    assert minute_volatilities()[bitcoin] * scale == pytest.approx(DRIVERS[bitcoin].volatility)


def test_spreads_are_basis_points_and_wider_for_rare_currencies() -> None:
    spreads = {i.symbol: half_spread(i) for i in CATALOGUE}
    assert all(0.0 < spread < 1e-3 for spread in spreads.values())
    assert spreads["EUR-TRY"] > 2 * spreads["EUR-USD"]
