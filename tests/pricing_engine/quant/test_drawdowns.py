"""Drawdowns, worked by hand."""

import numpy as np

from pricing_engine.quant.drawdowns import drawdown, max_drawdown

NAN = float("nan")
VALUES = np.array([100.0, 80, NAN, 120, 90, 108, 60])
BOUNDS, BEGINS = np.array([0, 7]), np.array([0])


def test_a_drawdown_is_measured_from_the_highest_so_far() -> None:
    found = drawdown(VALUES, BOUNDS, BEGINS, 0, 1)
    assert np.round(found, 6).tolist()[:2] == [0.0, -0.2]
    assert np.isnan(found[2])
    assert np.round(found, 6).tolist()[3:] == [0.0, -0.25, -0.1, -0.5]


def test_the_deepest_drawdown_stays() -> None:
    found = max_drawdown(VALUES, BOUNDS, BEGINS, 0, 1)
    assert np.round(found, 6).tolist()[3:] == [-0.2, -0.25, -0.25, -0.5]


def test_a_window_forgets_what_left_it() -> None:
    assert np.isnan(drawdown(VALUES, BOUNDS, BEGINS, 2, 2)[:2]).tolist() == [True, False]
    assert np.round(drawdown(VALUES, BOUNDS, BEGINS, 2, 1)[5:], 6).tolist() == [0.0, -0.444444]
    assert np.round(max_drawdown(VALUES, BOUNDS, BEGINS, 3, 1)[4:], 6).tolist() == [
        -0.25,
        -0.25,
        -0.444444,
    ]


def test_before_the_beginning_there_is_none_and_what_is_below_zero_has_none() -> None:
    assert np.isnan(drawdown(VALUES, BOUNDS, np.array([1]), 0, 1)[0])
    assert drawdown(VALUES, BOUNDS, np.array([1]), 0, 1)[1] == 0.0
    assert np.isnan(drawdown(np.array([-1.0, 0.0]), np.array([0, 2]), BEGINS, 0, 1)).all()
