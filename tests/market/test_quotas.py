"""Quotas: their words are stored, so they stay what they are."""

import pytest

from market.quotas import Budget, Limit, Period, key_digest
from tests.connectors.support import us


def test_stored_words_stay_what_they_are() -> None:
    assert [period.value for period in Period] == ["second", "minute", "day", "month"]


def test_budgets_of_the_same_key_and_limits_are_one() -> None:
    limits = (Limit(25, Period.DAY), Limit(1, Period.SECOND))
    assert Budget("alphavantage", "ab12", limits) == Budget("alphavantage", "ab12", limits)
    assert Budget("alphavantage", "ab12", limits) != Budget("alphavantage", "none", limits)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.SECOND, "2026-12-31T23:59:58", "2026-12-31T23:59:59"),
        (Period.MINUTE, "2026-12-31T23:59:00", "2027-01-01T00:00:00"),
        (Period.DAY, "2026-12-31T00:00:00", "2027-01-01T00:00:00"),
        (Period.MONTH, "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_a_period_is_the_calendars(period: Period, start: str, end: str) -> None:
    assert period.around(us("2026-12-31T23:59:58.999999")) == (us(start), us(end))
    assert period.around(us(end))[0] == us(end)


def test_a_key_is_written_down_as_its_digest() -> None:
    assert key_digest("s3cr3t") == "4e738ca5563c"
    assert (key_digest(None), key_digest("")) == ("none", "none")
