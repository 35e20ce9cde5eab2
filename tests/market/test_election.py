"""The election: the best that is not silent, not given up for a hiccup, not taken back for a blink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.election import BACK_FOR_US, SILENT_AFTER_S, USUAL_INTERVALS, Election, Why
from market.sources import SOURCES, Feed, Source, source_of
from market.ticks import Int64s

KRAKEN, COINBASE, COINGECKO = (
    source_of(name, Feed.LIVE) for name in ("kraken", "coinbase", "coingecko")
)
NOW = 1_700_000_000_000_000
SECOND = 1_000_000
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
    floor.hear(COINBASE, *range(1, 200))
    assert floor.elected() == COINBASE.id
    for second in (200, 240, 280, 320):
        floor.hear(KRAKEN, second)
        floor.hear(COINBASE, *range(second, second + 40))
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
    floor.hear(COINBASE, 1_000 + USUAL_INTERVALS * every_s - 1)
    assert floor.elected() == KRAKEN.id
    floor.hear(COINBASE, 1_000 + USUAL_INTERVALS * every_s + 1)
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
    assert set(SILENT_AFTER_S) == {source.provider for source in SOURCES}
    assert KRAKEN_SILENT_US > BACK_FOR_US
