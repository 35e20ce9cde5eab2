"""Recursive averages against published worksheets, and over holes."""

import numpy as np
import pytest

from pricing_engine.quant.smoothing import atr, ewma, rsi

NAN = float("nan")
CLOSES = (
    "44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 "
    "45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 "
    "45.7835 45.3548 44.0288 44.1783 44.2181 44.5672 43.4205 42.6628 43.1314"
)
RSI_14 = (
    "70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 "
    "37.30 33.08 37.77"
)
"""The worksheet of RSI 14 of StockCharts' ChartSchool, of QQQQ."""
BARS = (
    "48.70 47.79 48.16, 48.72 48.14 48.61, 48.90 48.39 48.75, 48.87 48.37 48.63, 48.82 48.24 48.74, "
    "49.05 48.64 49.03, 49.20 48.94 49.07, 49.35 48.86 49.32, 49.92 49.50 49.91, 50.19 49.87 50.13, "
    "50.12 49.20 49.53, 49.66 48.90 49.50, 49.88 49.43 49.75, 50.19 49.73 50.03, 50.36 49.26 50.31, "
    "50.57 50.09 50.52, 50.65 50.30 50.41, 50.43 49.21 49.34, 49.63 48.98 49.37, 50.33 49.61 50.23, "
    "50.29 49.20 49.24, 50.17 49.43 49.93, 49.32 48.08 48.43, 48.50 47.64 48.18, 48.32 41.55 46.57, "
    "46.80 44.28 45.41, 47.80 47.31 47.77, 48.39 47.20 47.72, 48.66 47.90 48.62, 48.79 47.73 47.85"
)
ATR_14 = "0.55 0.59 0.59 0.57 0.61 0.62 0.64 0.67 0.69 0.77 0.78 1.21 1.30 1.38 1.37 1.34 1.32"
"""The worksheet of ATR 14 of StockCharts' ChartSchool: high, low, close."""


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split()]


def one(values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(values), np.array([0, len(values)])


def test_rsi_equals_the_published_worksheet() -> None:
    found = rsi(*one(numbers(CLOSES)), 14)
    assert np.isnan(found[:14]).all()
    assert found[14:] == pytest.approx(numbers(RSI_14), abs=0.03)


def test_atr_equals_the_published_worksheet() -> None:
    high, low, close = np.array(numbers(BARS)).reshape(-1, 3).T
    found = atr(high, low, close, np.array([0, len(high)]), 14)
    assert np.isnan(found[:13]).all()
    assert found[13:] == pytest.approx(numbers(ATR_14), abs=0.012)


def test_a_hole_is_passed_over_as_if_it_were_not_there() -> None:
    closes = numbers(CLOSES)
    holed = [*closes[:5], NAN, *closes[5:20], NAN, NAN, *closes[20:]]
    there = ~np.isnan(holed)
    for found, whole in (
        (rsi(*one(holed), 14), rsi(*one(closes), 14)),
        (ewma(*one(holed), 0.3), ewma(*one(closes), 0.3)),
    ):
        assert np.array_equal(found[there], whole, equal_nan=True)
        assert np.isnan(found[~there]).all()


def test_an_average_begins_anew_with_every_series() -> None:
    values, bounds = np.array([1.0, 3.0, 10.0, 20.0]), np.array([0, 2, 4])
    assert ewma(values, bounds, 0.5).tolist() == [1.0, 2.0, 10.0, 15.0]


def test_an_index_of_rises_alone_is_100_and_of_falls_alone_0() -> None:
    assert rsi(*one([1.0, 2, 3, 4]), 2)[2:].tolist() == [100.0, 100.0]
    assert rsi(*one([4.0, 3, 2, 1]), 2)[2:].tolist() == [0.0, 0.0]
    assert np.isnan(rsi(*one([4.0] * 9), 2)).all()
