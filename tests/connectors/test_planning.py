"""The plan: what is wanted most is asked most, and nothing is forgotten; days are simulated."""

from collections import Counter

import pytest

from connectors.answers import Request
from connectors.connector import Poll
from connectors.planning import (
    NEVER_ASKED_S,
    UNWANTED,
    Turn,
    chosen,
    first_turn,
    next_due_s,
    weight,
)

DAY_S = 86_400.0
POLLS = [
    Poll(Request("GLOBAL_QUOTE", str(id_), "http://x"), frozenset({id_}), 60.0) for id_ in range(15)
]
MANY = Poll(Request("simple/price", "", "http://x"), frozenset({1, 2, 3}), 60.0)
NONE = Poll(Request("symbols", "", "http://x"), frozenset(), 60.0)


def simulate(wants: dict[int, float], days: int = 1, calls: int = 25) -> Counter[int]:
    """How often each is asked when so many calls a day are granted, evenly."""
    turns = [first_turn(0.0) for _ in POLLS]
    asked: Counter[int] = Counter()
    for number in range(days * calls):
        now_s = number * DAY_S / calls
        index = chosen(POLLS, turns, wants, now_s)
        assert index is not None
        asked[index] += 1
        turns[index] = Turn(now_s, now_s + POLLS[index].every_s)
    return asked


def test_a_poll_weighs_what_its_instruments_are_wanted() -> None:
    assert weight(MANY, {1: 2.0, 3: 1.0, 9: 5.0}) == pytest.approx(3.0 + 3 * UNWANTED)
    assert weight(NONE, {}) == UNWANTED


def test_what_nobody_wants_is_asked_in_turns() -> None:
    asked = simulate({})
    assert asked.total() == 25
    assert set(asked.values()) == {1, 2}


def test_what_is_wanted_most_is_asked_most_and_the_rest_now_and_then() -> None:
    asked = simulate({3: 2.0, 7: 1.0}, days=10)
    assert asked.total() == 250
    assert [id_ for id_, _ in asked.most_common(2)] == [3, 7]
    assert asked[3] > 1.5 * asked[7] > 10 * asked[0]
    assert all(asked[id_] >= 2 for id_ in range(15))


def test_the_first_of_all_is_what_is_wanted() -> None:
    turns = [first_turn(0.0) for _ in POLLS]
    assert chosen(POLLS, turns, {7: 1.0}, 0.0) == 7


def test_nothing_is_asked_before_it_is_due() -> None:
    turns = [Turn(-NEVER_ASKED_S, 10.0), Turn(0.0, 9.0)]
    assert chosen(POLLS[:2], turns, {0: 1.0}, 8.9) is None
    assert next_due_s(turns) == 9.0
    assert chosen(POLLS[:2], turns, {0: 1.0}, 9.0) == 1
    assert chosen(POLLS[:2], turns, {0: 1.0}, 10.0) == 0
