"""Counting calls."""

from connectors.sandbox.quotas import Ledger


def test_a_window_grants_its_limit_and_the_next_window_starts_anew() -> None:
    ledger = Ledger()
    assert [ledger.spend("key", 1, 2) for _ in range(3)] == [True, True, False]
    assert ledger.spend("other", 1, 2)
    assert ledger.spend("key", 2, 2)


def test_pace_grants_a_call_an_interval_and_a_refused_one_does_not_count() -> None:
    ledger = Ledger()
    assert ledger.pace("key", 0, 10)
    assert not ledger.pace("key", 9, 10)
    assert ledger.pace("key", 10, 10)
    assert ledger.pace("other", 10, 10)
