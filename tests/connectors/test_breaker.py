"""A breaker rests after failures in a row, and one success closes it."""

from connectors.breaker import Breaker


def test_it_rests_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(threshold=3, rest_s=60.0, uniform=lambda low, high: high)
    assert [breaker.failed() for _ in range(4)] == [0.0, 0.0, 90.0, 90.0]
    assert breaker.is_open


def test_a_probe_that_works_closes_it() -> None:
    breaker = Breaker(threshold=2)
    breaker.failed()
    breaker.failed()
    breaker.worked()
    assert not breaker.is_open
    assert breaker.failed() == 0.0


def test_rests_are_spread() -> None:
    breaker = Breaker(threshold=1, rest_s=10.0)
    rests = {breaker.failed() for _ in range(50)}
    assert len(rests) > 1
    assert 10.0 <= min(rests) <= max(rests) <= 15.0
