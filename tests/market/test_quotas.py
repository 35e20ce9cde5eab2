"""Quotas: their words are stored, so they stay what they are."""

from market.quotas import Budget, Limit, Period


def test_stored_words_stay_what_they_are() -> None:
    assert [period.value for period in Period] == ["second", "minute", "day", "month"]


def test_budgets_of_the_same_key_and_limits_are_one() -> None:
    limits = (Limit(25, Period.DAY), Limit(1, Period.SECOND))
    assert Budget("alphavantage", "ab12", limits) == Budget("alphavantage", "ab12", limits)
    assert Budget("alphavantage", "ab12", limits) != Budget("alphavantage", "none", limits)
