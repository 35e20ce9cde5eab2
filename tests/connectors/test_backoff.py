"""Waits grow, are bounded, and are spread."""

from connectors.backoff import Backoff


def longest(_low: float, high: float) -> float:
    return high


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first_s=1.0, longest_s=10.0, uniform=longest)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_success_begins_anew() -> None:
    backoff = Backoff(first_s=1.0, longest_s=10.0, uniform=longest)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1


def test_many_failures_overflow_nothing() -> None:
    assert Backoff(failures=10**6, longest_s=60.0, uniform=longest).next_s() == 60


def test_waits_are_spread_over_their_upper_half() -> None:
    waits = [Backoff(first_s=1.0).next_s() for _ in range(200)]
    assert 0.5 <= min(waits) < max(waits) <= 1.0
    assert max(waits) - min(waits) > 0.2
