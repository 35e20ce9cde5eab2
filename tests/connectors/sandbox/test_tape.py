"""The exchange's tape: contiguous ids, ordered times, trades at the book's prices."""

import numpy as np
import pytest

from connectors.sandbox.simulator import MINUTE_US, Simulator
from connectors.sandbox.tape import MINUTE_MS, PAIRS, STEP_MS, Tape
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // MINUTE_US
BITCOIN = PAIRS[0]


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(Simulator(7), 250)


def test_the_pairs_are_all_of_tether_and_share_the_whole() -> None:
    assert len(PAIRS) == 10
    assert {pair.instrument.quote for pair in PAIRS} == {"USDT"}
    assert sum(pair.share for pair in PAIRS) == pytest.approx(1.0)
    assert BITCOIN.venue_symbol == "BTCUSDT"


def test_the_rate_is_what_was_asked_for() -> None:
    for rate in (250, 5_000):
        tape = Tape(Simulator(7), rate)
        trades = sum(len(tape.trades(pair, MINUTE).ids) for pair in PAIRS)
        quotes = sum(len(tape.quotes(pair, MINUTE).ids) for pair in PAIRS)
        assert trades + quotes == pytest.approx(rate * 60, rel=0.01)
        assert 0.3 < trades / (trades + quotes) < 0.5


def test_equal_seeds_have_equal_tapes(tape: Tape) -> None:
    again = Tape(Simulator(7), 250)
    other = Tape(Simulator(8), 250)
    for pair in PAIRS:
        assert np.array_equal(again.trades(pair, MINUTE).price, tape.trades(pair, MINUTE).price)
        assert np.array_equal(again.quotes(pair, MINUTE).time_ms, tape.quotes(pair, MINUTE).time_ms)
        assert not np.array_equal(
            other.trades(pair, MINUTE).time_ms, tape.trades(pair, MINUTE).time_ms
        )


def test_trade_ids_are_contiguous_over_minutes(tape: Tape) -> None:
    for pair in PAIRS:
        ids = np.concatenate([tape.trades(pair, MINUTE + m).ids for m in range(3)])
        assert (np.diff(ids) == 1).all()


def test_update_ids_increase_over_minutes(tape: Tape) -> None:
    for pair in PAIRS:
        ids = np.concatenate([tape.quotes(pair, MINUTE + m).ids for m in range(3)])
        assert (np.diff(ids) > 0).all()
        assert (np.diff(ids) > 1).any()


def test_times_are_ordered_and_inside_their_minute(tape: Tape) -> None:
    for pair in PAIRS:
        for times in (tape.trades(pair, MINUTE).time_ms, tape.quotes(pair, MINUTE).time_ms):
            assert (np.diff(times) >= 0).all()
            assert times[0] >= MINUTE * MINUTE_MS
            assert times[-1] < (MINUTE + 1) * MINUTE_MS


def test_times_are_burstier_than_poisson(tape: Tape) -> None:
    times = np.concatenate([tape.trades(BITCOIN, MINUTE + m).time_ms for m in range(5)])
    gaps = np.diff(times)
    assert gaps.std() > 1.1 * gaps.mean()


def test_a_trade_takes_the_bid_or_the_ask(tape: Tape) -> None:
    for pair in PAIRS:
        trades = tape.trades(pair, MINUTE)
        bids, asks = Simulator(7).book(pair.instrument, MINUTE)
        step = (trades.time_ms - MINUTE * MINUTE_MS) // STEP_MS
        expected = np.where(trades.buyer_is_maker, bids[step], asks[step])
        assert np.array_equal(trades.price, expected)
        assert trades.size.min() >= 1
        assert 0.2 < trades.buyer_is_maker.mean() < 0.8


def test_quotes_never_cross(tape: Tape) -> None:
    for pair in PAIRS:
        quotes = tape.quotes(pair, MINUTE)
        assert (quotes.bid > 0).all()
        assert (quotes.bid < quotes.ask).all()
        assert min(quotes.bid_size.min(), quotes.ask_size.min()) >= 1


def test_between_cuts_a_half_open_span(tape: Tape) -> None:
    trades = tape.trades(BITCOIN, MINUTE)
    middle = MINUTE * MINUTE_MS + 30_000
    early = trades.between(0, middle)
    late = trades.between(middle, middle + MINUTE_MS)
    assert np.array_equal(np.concatenate([early.ids, late.ids]), trades.ids)
    assert early.time_ms[-1] < middle <= late.time_ms[0]
    quotes = tape.quotes(BITCOIN, MINUTE)
    assert len(quotes.between(0, middle).ids) + len(quotes.between(middle, 2**62).ids) == len(
        quotes.ids
    )
