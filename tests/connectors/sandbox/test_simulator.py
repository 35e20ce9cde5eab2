"""The market at any time: one market a seed, without a jump, every price a price."""

import time

import numpy as np
import pytest

from connectors.sandbox.hours import RealHours
from connectors.sandbox.simulator import MINUTE_US, STEP_US, Simulator
from market.instruments import CATALOGUE
from tests.connectors.sandbox.conftest import NOW_US

DAY_US = 86_400_000_000
NOON_ON_SUNDAY_US = NOW_US - 2 * DAY_US
MINUTE = NOW_US // MINUTE_US


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(7)


class TestPrices:
    def test_equal_seeds_are_one_market_whatever_was_asked_before(
        self, simulator: Simulator
    ) -> None:
        fresh = Simulator(7)
        for symbol in ("EUR-USD", "BTC-USDT", "AAPL"):
            assert fresh.quote(symbol, NOW_US) == simulator.quote(symbol, NOW_US)
        assert Simulator(8).mid("BTC-USDT", NOW_US) != simulator.mid("BTC-USDT", NOW_US)

    def test_the_first_price_comes_within_a_second(self) -> None:
        begun = time.perf_counter()
        simulator = Simulator(99)
        for instrument in CATALOGUE:
            simulator.quote(instrument.symbol, NOW_US)
        assert time.perf_counter() - begun < 1.0

    def test_quotes_surround_the_mid_and_never_cross(self, simulator: Simulator) -> None:
        for instrument in CATALOGUE:
            for step in range(50):
                time_us = NOW_US + step * 7 * STEP_US
                quote = simulator.quote(instrument.symbol, time_us)
                assert quote.decimals == instrument.decimals
                assert 0 < quote.bid < quote.ask
                mid = simulator.mid(instrument.symbol, time_us) * 10**quote.decimals
                assert quote.bid - 1 <= mid <= quote.ask + 1
                assert quote.ask - quote.bid <= max(1.0, 2e-3 * mid)

    def test_crosses_agree_with_their_legs(self, simulator: Simulator) -> None:
        def mid(symbol: str) -> float:
            return simulator.mid(symbol, NOW_US)

        assert mid("EUR-GBP") == pytest.approx(mid("EUR-USD") / mid("GBP-USD"), rel=1e-9)
        assert mid("EUR-CHF") == pytest.approx(mid("EUR-USD") * mid("USD-CHF"), rel=1e-9)
        for coin in ("BTC", "ETH"):
            basis = mid(f"{coin}-USD") / mid(f"{coin}-USDT") - 1.0
            assert basis != 0.0
            assert abs(basis) < 0.005

    def test_a_minute_opens_at_its_first_price(self, simulator: Simulator) -> None:
        for base, quote in (("EUR", "USD"), ("USD", "JPY"), ("EUR", "SEK"), ("BTC", "EUR")):
            for time_us in (NOW_US, NOON_ON_SUNDAY_US - 90 * DAY_US):
                opening = simulator.rate(base, quote, time_us // MINUTE_US * MINUTE_US)
                assert simulator.minute_rate(base, quote, time_us) == pytest.approx(opening, 1e-12)

    def test_an_unknown_driver_is_a_key_error(self, simulator: Simulator) -> None:
        with pytest.raises(KeyError):
            simulator.rate("XAU", "USD", NOW_US)

    def test_there_is_no_jump_at_a_minute_a_block_or_a_day(self, simulator: Simulator) -> None:
        midnight_us = NOW_US // DAY_US * DAY_US
        for boundary_us in (midnight_us, midnight_us + 600_000_000, midnight_us + MINUTE_US):
            for symbol in ("EUR-USD", "BTC-USDT", "TSLA"):
                times = [boundary_us + step * STEP_US for step in range(-100, 100)]
                moves = np.abs(np.diff(np.log([simulator.mid(symbol, t) for t in times])))
                assert 0.0 < moves[99] < 8 * np.median(moves)

    def test_steps_have_the_volatility_of_minutes(self, simulator: Simulator) -> None:
        symbol = "ETH-USDT"
        bars = simulator.minute_bars(symbol, MINUTE - 1_440, MINUTE)
        of_minutes = np.diff(np.log(bars.prices[:, 0])).std()
        times = range(NOW_US - DAY_US, NOW_US, 600_000_000 // 7)
        of_steps = np.std(
            [np.log(simulator.mid(symbol, t + STEP_US) / simulator.mid(symbol, t)) for t in times]
        )
        assert of_steps * np.sqrt(600) == pytest.approx(of_minutes, rel=0.15)

    def test_steps_are_not_autocorrelated(self, simulator: Simulator) -> None:
        times = np.arange(12_000) * STEP_US + NOW_US
        returns = np.diff(np.log([simulator.mid("BTC-USDT", int(t)) for t in times]))
        assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.04


class TestBars:
    def test_history_joins_the_live_market(self, simulator: Simulator) -> None:
        for symbol in ("EUR-GBP", "BTC-USD", "NVDA"):
            bars = simulator.minute_bars(symbol, MINUTE - 1_500, MINUTE)
            assert len(bars.time_us) == 1_500
            assert bars.time_us[-1] + MINUTE_US == MINUTE * MINUTE_US
            for index in (0, 700, -1):
                start = int(bars.time_us[index])
                mids = [simulator.mid(symbol, start + step * STEP_US) for step in range(600)]
                expected = [mids[0], max(mids), min(mids), mids[-1]]
                assert bars.prices[index].tolist() == pytest.approx(expected, rel=1e-12)

    def test_the_running_bar_grows_into_the_whole_one(self, simulator: Simulator) -> None:
        start = MINUTE * MINUTE_US
        first = simulator.running_bar("AAPL", start)
        assert len(set(first.prices[0])) == 1
        last = simulator.running_bar("AAPL", start + MINUTE_US - 1)
        whole = simulator.minute_bars("AAPL", MINUTE, MINUTE + 1)
        assert np.array_equal(last.prices, whole.prices)
        assert first.volume[0] == 0 < last.volume[0] <= whole.volume[0]

    def test_an_empty_span_has_no_bars(self, simulator: Simulator) -> None:
        assert len(simulator.minute_bars("AAPL", MINUTE, MINUTE).time_us) == 0


class TestHours:
    def test_a_closed_market_keeps_its_last_price(self) -> None:
        simulator = Simulator(7, RealHours())
        for symbol in ("EUR-USD", "AAPL"):
            asked = [simulator.quote(symbol, NOON_ON_SUNDAY_US + hour) for hour in (0, 10**9)]
            assert asked[0] == asked[1]
        coins = {simulator.mid("BTC-USD", NOON_ON_SUNDAY_US + s * 10**6) for s in range(5)}
        assert len(coins) == 5

    def test_a_closed_market_has_no_bars(self) -> None:
        simulator = Simulator(7, RealHours())
        minute = NOON_ON_SUNDAY_US // MINUTE_US
        assert len(simulator.minute_bars("EUR-USD", minute - 60, minute).time_us) == 0
        assert len(simulator.running_bar("AAPL", NOON_ON_SUNDAY_US).time_us) == 0
        day = simulator.minute_bars("AAPL", minute + 1_440, minute + 2_880)
        assert len(day.time_us) == 390

    def test_open_hours_are_the_same_market(self) -> None:
        assert Simulator(7, RealHours()).mid("AAPL", NOW_US) == Simulator(7).mid("AAPL", NOW_US)
