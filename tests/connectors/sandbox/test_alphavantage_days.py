"""Days of a market: they follow one another, hold their minutes, and close when it does."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from connectors.sandbox.alphavantage_days import DAY_US, DayBar, days_of
from connectors.sandbox.simulator import MINUTE_US
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US

MIDNIGHT_US = NOW_US // DAY_US * DAY_US


def newest(world: World, symbol: str, count: int, now_us: int = NOW_US) -> list[DayBar]:
    return days_of(world.simulator).newest(symbol, now_us, count)


@pytest.mark.parametrize("symbol", ["EUR-USD", "BTC-USDT", "AAPL"])
def test_days_follow_one_another(premium: World, symbol: str) -> None:
    days = newest(premium, symbol, 20)
    assert days[0].day == date(2026, 11, 24)
    assert {later.day - earlier.day for later, earlier in pairwise(days)} == {timedelta(days=1)}
    for bar in days:
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume > 0
    for later, earlier in pairwise(days[1:]):
        assert later.open == pytest.approx(earlier.close, rel=1e-9)


def test_a_whole_day_agrees_with_its_minutes(premium: World) -> None:
    yesterday = newest(premium, "EUR-USD", 2)[1]
    last = MIDNIGHT_US // MINUTE_US
    prices = premium.simulator.minute_bars("EUR-USD", last - 1_440, last).prices
    expected = [prices[0, 0], prices[:, 1].max(), prices[:, 2].min(), prices[-1, 3]]
    ours = [yesterday.open, yesterday.high, yesterday.low, yesterday.close]
    assert np.allclose(ours, expected, rtol=3e-4)
    assert yesterday.high <= expected[1] + 1e-9
    assert yesterday.low >= expected[2] - 1e-9


def test_a_day_stays_the_same_once_it_is_over(premium: World) -> None:
    before, after = newest(premium, "EUR-USD", 5), newest(premium, "EUR-USD", 6, NOW_US + DAY_US)
    assert after[2:] == before[1:]


def test_the_running_day_grows(premium: World) -> None:
    first, later = (newest(premium, "AAPL", 1, NOW_US + s * 1_000_000)[0] for s in (0, 120))
    assert later.volume > first.volume
    assert (later.open, later.high >= first.high, later.low <= first.low) == (
        first.open,
        True,
        True,
    )


def test_a_day_that_has_just_opened_has_a_price(premium: World) -> None:
    (bar,) = newest(premium, "EUR-USD", 1, MIDNIGHT_US)
    assert bar.open == bar.high == bar.low == bar.close > 0


@pytest.mark.parametrize(
    ("symbol", "weekend"), [("AAPL", False), ("EUR-USD", False), ("ETH-USD", True)]
)
def test_markets_of_the_real_week_close_at_its_end(free: World, symbol: str, weekend: bool) -> None:
    days = newest(free, symbol, 8)
    assert any(bar.day.weekday() >= 5 for bar in days) is weekend
