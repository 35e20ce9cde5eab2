"""A day's figures grow with each trade."""

from connectors.sandbox.days import Day
from tests.connectors.sandbox.test_minute_sums import trades


def test_the_figures_of_trades_and_one_more() -> None:
    before = trades((1, 10, 2, False), (2, 30, 1, True))
    day = Day.of(before)
    assert day == Day(10, 30, 10, 30, 1, 1, 2, True, 3, 50)
    assert day.average == 16
    day.add(trades((3, 5, 4, False)), 0)
    assert day == Day(10, 30, 5, 5, 4, 0, 3, False, 7, 70)
    assert day.average == 10
