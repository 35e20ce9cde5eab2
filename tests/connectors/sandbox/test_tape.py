"""The exchange's tape: contiguous ids, ordered times, trades at the book's prices."""

import numpy as np
import pytest

from connectors.sandbox.simulator import BLOCK_MINUTES, MINUTE_US, Simulator
from connectors.sandbox.tape import (
    COINBASE,
    KRAKEN,
    MINUTE_MS,
    PAIRS,
    STEP_MS,
    VENUE_PAIRS,
    VENUE_SHARES,
    Tape,
)
from connectors.sandbox.universe import Float64s
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // MINUTE_US
MIDNIGHT = MINUTE // 1_440 * 1_440
BITCOIN = PAIRS[0]


@pytest.fixture(scope="module")
def tape() -> Tape:
    return Tape(Simulator(7), 250)


@pytest.fixture(scope="module")
def volumes() -> Float64s:
    """What is traded in every minute of four days."""
    tape = Tape(Simulator(7), 50)
    blocks = [tape.block(BITCOIN, MIDNIGHT // BLOCK_MINUTES + n) for n in range(4 * 144)]
    sums = [block.size.reshape(BLOCK_MINUTES, -1).sum(axis=1) for block in blocks]
    return np.concatenate(sums).astype(np.float64)


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


class TestVenues:
    def test_shares_add_up_and_every_venue_has_its_pairs(self) -> None:
        assert sum(VENUE_SHARES.values()) == pytest.approx(1.0)
        for pairs in VENUE_PAIRS.values():
            assert sum(pair.share for pair in pairs) == pytest.approx(1.0)
        of_kraken = {pair.instrument.symbol for pair in VENUE_PAIRS[KRAKEN]}
        of_coinbase = {pair.instrument.symbol for pair in VENUE_PAIRS[COINBASE]}
        assert len(of_kraken) == 9
        assert of_kraken - of_coinbase == {"XMR-USD"}

    @pytest.mark.parametrize("venue", [KRAKEN, COINBASE])
    def test_ids_are_contiguous_and_prices_lie_beside_the_markets(self, venue: str) -> None:
        tape, simulator = Tape(Simulator(7), 100, venue), Simulator(7)
        for pair in tape.pairs:
            ids = np.concatenate([tape.trades(pair, MINUTE + m).ids for m in range(12)])
            assert (np.diff(ids) == 1).all()
            quotes = tape.quotes(pair, MINUTE)
            assert (quotes.bid < quotes.ask).all()
            market, _ = simulator.book(pair.instrument, MINUTE)
            bids, _ = tape.book(pair, MINUTE)
            apart = np.abs(bids / market - 1.0)
            assert apart.max() < 4e-4
        bitcoin = simulator.book(tape.pairs[0].instrument, MINUTE)[0]
        assert not np.array_equal(tape.book(tape.pairs[0], MINUTE)[0], bitcoin)

    def test_venues_trade_at_times_of_their_own(self) -> None:
        kraken, coinbase = (Tape(Simulator(7), 100, venue) for venue in (KRAKEN, COINBASE))
        mine = kraken.trades(kraken.pairs[0], MINUTE).time_ms[:100]
        theirs = coinbase.trades(coinbase.pairs[0], MINUTE).time_ms[:100]
        assert not np.array_equal(mine, theirs)


def test_the_last_trades_end_before_a_time(tape: Tape) -> None:
    end_ms = MINUTE * MINUTE_MS + 30_000
    last = tape.last_trades(BITCOIN, end_ms, 50)
    minute = tape.trades(BITCOIN, MINUTE).between(0, end_ms)
    assert np.array_equal(last.ids, np.arange(minute.ids[-1] - 49, minute.ids[-1] + 1))
    assert last.time_ms[-1] < end_ms
    every = tape.last_trades(BITCOIN, end_ms, 10**9)
    assert (np.diff(every.ids) == 1).all()


class TestVolume:
    def test_it_varies_from_minute_to_minute(self, volumes: Float64s) -> None:
        assert volumes.std() > 0.6 * volumes.mean()
        ratio = np.abs(np.diff(np.log(volumes)))
        assert np.median(ratio) > 0.3

    def test_it_has_bursts_and_quiet_minutes(self, volumes: Float64s) -> None:
        median = np.median(volumes)
        assert (volumes > 5 * median).mean() > 0.003
        assert (volumes < median / 2).mean() > 0.1

    def test_it_clusters(self, volumes: Float64s) -> None:
        logs = np.log(volumes)
        for lag in (1, 10):
            assert np.corrcoef(logs[lag:], logs[:-lag])[0, 1] > 0.15

    def test_it_is_large_where_the_price_moves(self, volumes: Float64s) -> None:
        bars = Simulator(7).minute_bars("BTC-USDT", MIDNIGHT, MIDNIGHT + len(volumes))
        ranges = np.log(bars.prices[:, 1] / bars.prices[:, 2])
        assert np.corrcoef(np.log(volumes), np.log(ranges))[0, 1] > 0.4

    def test_it_follows_the_hour_of_the_day(self) -> None:
        tape = Tape(Simulator(7), 10)

        def usual(first: int, last: int) -> float:
            """The mean logarithm of a trade's size between two hours, of all pairs and four days."""
            blocks = [
                (MIDNIGHT + 1_440 * day) // BLOCK_MINUTES + block
                for day in range(4)
                for block in range(first * 6, last * 6)
            ]
            sizes = [tape.block(pair, block).size for pair in PAIRS for block in blocks]
            return float(np.log(np.concatenate(sizes)).mean())

        assert usual(13, 18) - usual(0, 5) > np.log(1.25)

    def test_it_is_of_the_same_size_as_ever(self, tape: Tape) -> None:
        money = [
            float((trades.price * trades.size).sum()) / 10.0 ** (2 + BITCOIN.lot_decimals)
            for trades in (tape.trades(BITCOIN, MIDNIGHT + 7 * n) for n in range(200))
        ]
        usual = 1_500 * 300.0 * np.exp(0.5 * 1.4**2)
        assert np.mean(money) == pytest.approx(usual, rel=0.5)


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
