"""The election: the best that is not silent, not given up for a hiccup, not taken back for a blink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.election import (
    BACK_FOR_GROWTH,
    BACK_FOR_US,
    LONGEST_BACK_FOR_US,
    SILENT_AFTER_S,
    STREAM_SILENT_AFTER_S,
    USUAL_PAUSES,
    Election,
    Why,
)
from market.sources import ONLY_RECORDED, SOURCES, Feed, Source, source_of
from market.ticks import Int64s

KRAKEN, COINBASE, COINGECKO, BINANCE, FIXER, ALPHAVANTAGE, ECB = (
    source_of(name, Feed.LIVE)
    for name in ("kraken", "coinbase", "coingecko", "binance", "fixer", "alphavantage", "ecb")
)
NOW = 1_700_000_000_000_000
SECOND = 1_000_000
HOUR_S = 3_600
BTC, ETH = 111, 112
KRAKEN_SILENT_US = int(SILENT_AFTER_S["kraken"]) * SECOND


class Floor:
    """An election, and what it decided, second by second."""

    def __init__(self) -> None:
        self.election = Election(300)
        self.switches: list[tuple[int, str, str, Why]] = []

    def hear(self, source: Source, *seconds: float, instrument: int = BTC) -> None:
        for second in seconds:
            ids: Int64s = np.array([instrument])
            at_us = NOW + round(second * SECOND)
            for switch in self.election.hear(source, ids, at_us):
                self.switches.append(
                    (
                        (switch.at_us - NOW) // SECOND,
                        switch.before.provider,
                        switch.now.provider,
                        switch.why,
                    )
                )

    def elected(self, instrument: int = BTC) -> int:
        return int(self.election.elected[instrument])


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_whoever_speaks_first_is_elected_and_no_switch(floor: Floor) -> None:
    floor.hear(COINGECKO, 0)
    assert (floor.elected(), floor.elected(ETH), floor.switches) == (COINGECKO.id, 0, [])
    assert floor.election.since[BTC] == NOW


def test_a_worse_one_is_not_elected_while_the_better_speaks(floor: Floor) -> None:
    for second in range(100):
        floor.hear(KRAKEN, second)
        floor.hear(COINGECKO, second + 0.5)
    assert (floor.elected(), floor.switches) == (KRAKEN.id, [])


def test_silence_hands_over_and_the_better_returns_after_a_moment(floor: Floor) -> None:
    floor.hear(KRAKEN, 0)
    floor.hear(COINBASE, 1, 30, 31, 32)
    floor.hear(KRAKEN, 40, 45, 49)
    assert floor.elected() == COINBASE.id
    floor.hear(COINBASE, 49.5)
    floor.hear(KRAKEN, 50)
    assert floor.switches == [
        (31, "kraken", "coinbase", Why.SILENT),
        (50, "coinbase", "kraken", Why.BETTER),
    ]


def test_one_that_comes_and_goes_is_not_back(floor: Floor) -> None:
    floor.hear(KRAKEN, 0)
    floor.hear(COINBASE, *range(1, 400))
    assert floor.elected() == COINBASE.id
    for second in range(400, 4_000, 400):
        floor.hear(KRAKEN, second)
        floor.hear(COINBASE, *range(second, second + 400))
    assert STREAM_SILENT_AFTER_S < 400
    assert floor.elected() == COINBASE.id


def test_the_best_that_is_awake_takes_over_though_a_worse_one_asks_first(floor: Floor) -> None:
    floor.hear(KRAKEN, 0)
    floor.hear(COINBASE, 1, 20)
    floor.hear(COINGECKO, 2, 31)
    assert floor.elected() == KRAKEN.id
    floor.hear(COINBASE, 31.5)
    assert floor.switches == [(31, "kraken", "coinbase", Why.SILENT)]


def test_one_that_speaks_seldom_is_silent_later(floor: Floor) -> None:
    every_s = 25
    floor.hear(KRAKEN, *range(0, 1_001, every_s))
    floor.hear(COINBASE, 1_000 + USUAL_PAUSES * every_s - 1)
    assert floor.elected() == KRAKEN.id
    floor.hear(COINBASE, 1_000 + USUAL_PAUSES * every_s + 1)
    assert floor.elected() == COINBASE.id


def test_one_that_was_given_up_must_come_back_for_a_moment_though_it_was_never_away(
    floor: Floor,
) -> None:
    floor.hear(KRAKEN, 0)
    floor.hear(COINBASE, 1, 31)
    floor.hear(KRAKEN, 2, 32)  # its records were read late
    assert floor.elected() == COINBASE.id
    floor.hear(COINBASE, 41)
    floor.hear(KRAKEN, 42)
    assert floor.elected() == KRAKEN.id


def test_instruments_are_elected_apart(floor: Floor) -> None:
    floor.hear(KRAKEN, 0)
    floor.hear(COINBASE, 0, instrument=ETH)
    floor.hear(COINBASE, 60, instrument=BTC)
    assert (floor.elected(BTC), floor.elected(ETH)) == (COINBASE.id, COINBASE.id)
    assert len(floor.switches) == 1


class TestOneThatSpeaksSeldom:
    """It is taken for silent only after several of its usual pauses, however long those are."""

    @pytest.mark.parametrize(
        ("source", "every_s"), [(FIXER, 7.4 * HOUR_S), (ALPHAVANTAGE, 9.6 * HOUR_S)]
    )
    def test_stays_elected_while_it_is_polled(
        self, floor: Floor, source: Source, every_s: float
    ) -> None:
        floor.hear(ECB, 0)
        for second in sorted([*range(1, 40 * 86_400, 86_400)]):
            floor.hear(ECB, second)
            floor.hear(source, *(second + n * every_s for n in range(int(86_400 // every_s))))
        assert floor.elected() == source.id
        assert len(floor.switches) <= 5

    def test_is_silent_in_the_end(self, floor: Floor) -> None:
        floor.hear(FIXER, *np.arange(0, 10 * 7.4 * HOUR_S, 7.4 * HOUR_S).tolist())
        last = 9 * 7.4 * HOUR_S
        floor.hear(ECB, last + USUAL_PAUSES * 7.4 * HOUR_S - HOUR_S)
        assert floor.elected() == FIXER.id
        floor.hear(ECB, last + USUAL_PAUSES * 7.4 * HOUR_S + HOUR_S)
        assert floor.elected() == ECB.id


def thin(seed: int, hours: float) -> list[float]:
    """When a thin coin is quoted: in bursts, half a minute to a minute apart."""
    chance, at, found = np.random.default_rng(seed), 0.0, []
    while at < hours * HOUR_S:
        at += chance.uniform(30, 60)
        for _ in range(chance.integers(3, 30)):
            at += chance.uniform(0.02, 0.5)
            found.append(at)
    return found


def hear_together(floor: Floor, talk: dict[Source, list[float]]) -> None:
    """Sources that speak at these seconds, in the order of time."""
    for second, source in sorted(
        ((second, source) for source, seconds in talk.items() for second in seconds),
        key=lambda each: each[0],
    ):
        floor.hear(source, second)


@pytest.mark.parametrize("seed", range(5))
def test_a_thin_coin_whose_prices_come_in_bursts_hardly_ever_switches(
    floor: Floor, seed: int
) -> None:
    hours = 6
    hear_together(floor, {KRAKEN: thin(seed, hours), COINBASE: thin(seed + 100, hours)})
    times = [at_s for at_s, *_ in floor.switches]
    assert len([at_s for at_s in times if at_s < HOUR_S]) <= 8
    assert len([at_s for at_s in times if at_s >= HOUR_S]) <= 2 * (hours - 1)


def test_one_that_comes_and_goes_for_hours_is_taken_back_ever_later(floor: Floor) -> None:
    hours = 12
    turns = range(0, hours * HOUR_S, 150)
    kraken = [float(second) for turn in turns for second in range(turn, turn + 60)]
    hear_together(floor, {KRAKEN: kraken, COINBASE: [n + 0.5 for n in range(hours * HOUR_S)]})
    assert len(floor.switches) <= 3 * hours
    floor.hear(COINBASE, hours * HOUR_S + 600)
    assert floor.elected() == COINBASE.id
    assert LONGEST_BACK_FOR_US >= BACK_FOR_GROWTH * BACK_FOR_US


class TestTrueSilence:
    """A stream that never rests is given up at once, whatever happened before."""

    def test_of_one_that_never_rested(self, floor: Floor) -> None:
        floor.hear(BINANCE, *np.arange(0, 600, 0.1).tolist())
        assert self._given_up_after_s(floor, 600) <= 11

    def test_soon_after_an_outage_of_an_hour(self, floor: Floor) -> None:
        floor.hear(BINANCE, *np.arange(0, 600, 0.1).tolist())
        floor.hear(KRAKEN, *range(600, 600 + HOUR_S))
        floor.hear(BINANCE, *np.arange(600 + HOUR_S, 700 + HOUR_S, 0.1).tolist())
        assert floor.elected() == BINANCE.id
        assert self._given_up_after_s(floor, 700 + HOUR_S) <= 15

    def test_of_one_that_returned_often(self, floor: Floor) -> None:
        for turn in range(0, 20_000, 2_000):
            floor.hear(BINANCE, *range(turn, turn + 1_900))
            floor.hear(KRAKEN, *range(turn + 1_900, turn + 2_000))
        floor.hear(BINANCE, *range(20_000, 40_000))
        floor.hear(KRAKEN, *range(20_000, 40_000))
        assert floor.elected() == BINANCE.id
        assert self._given_up_after_s(floor, 40_000) <= 11

    def _given_up_after_s(self, floor: Floor, from_s: int) -> float:
        for at_s in np.arange(from_s, from_s + HOUR_S, 0.5).tolist():
            floor.hear(KRAKEN, at_s)
            if floor.elected() == KRAKEN.id:
                return float(at_s - from_s)
        raise AssertionError("never")


class TestRestore:
    def test_the_elected_one_has_its_time_to_speak_after_a_restart(self, floor: Floor) -> None:
        floor.election.restore(BTC, KRAKEN, NOW - 10**9)
        floor.hear(COINBASE, 0, 29)
        assert floor.elected() == KRAKEN.id
        floor.hear(COINBASE, 31)
        assert floor.elected() == COINBASE.id

    def test_an_earlier_election_than_the_known_changes_nothing(self, floor: Floor) -> None:
        floor.election.restore(BTC, KRAKEN, NOW)
        floor.election.restore(BTC, COINBASE, NOW)
        assert floor.elected() == KRAKEN.id


TALK = st.lists(
    st.tuples(st.sampled_from([KRAKEN, COINBASE, COINGECKO]), st.integers(0, 40)), max_size=60
)


@given(TALK)
def test_whoever_is_elected_spoke_within_its_time_when_it_was(
    talk: list[tuple[Source, int]],
) -> None:
    floor, at, since = Floor(), 0.0, 0
    heard: dict[int, float] = {}
    for source, pause in talk:
        at += pause
        before = floor.elected()
        floor.hear(source, at)
        heard[source.id] = at
        assert floor.elected() in heard
        assert floor.election.since[BTC] >= since
        since = int(floor.election.since[BTC])
        if floor.elected() != before:
            assert floor.elected() == source.id
    assert BACK_FOR_US >= SECOND


def test_every_provider_has_a_time_of_its_own() -> None:
    assert set(SILENT_AFTER_S) == {source.provider for source in SOURCES} - ONLY_RECORDED
    assert KRAKEN_SILENT_US > BACK_FOR_US
