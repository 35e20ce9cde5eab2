"""How far venues lie apart."""

import numpy as np

from connectors.sandbox.offsets import venue_offset

DAY_S = np.arange(86_400.0)


def test_an_offset_is_of_basis_points_and_drifts() -> None:
    fractions = venue_offset(7, "kraken", "BTC-USD").at(DAY_S)
    assert 0.0 < np.abs(fractions).max() < 4e-4
    assert np.ptp(fractions) > 0.5e-4
    assert np.abs(np.diff(fractions)).max() < 1e-6


def test_venues_pairs_and_seeds_differ_and_equal_ones_agree() -> None:
    given = [(7, "kraken", "BTC-USD"), (7, "coinbase", "BTC-USD"), (7, "kraken", "ETH-USD"),
             (8, "kraken", "BTC-USD")]  # fmt: skip
    assert len({venue_offset(*which) for which in given}) == len(given)
    assert venue_offset(*given[0]) == venue_offset(*given[0])
