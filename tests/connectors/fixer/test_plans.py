"""Fixer's plans and doors."""

import pytest

from connectors.connector import Access
from connectors.fixer.plans import Door, door_of, plan_of
from market.quotas import Limit, Period


@pytest.mark.parametrize(
    ("plan", "calls", "every_s", "any_base", "timeseries"),
    [
        ("free", 100, 3_600, False, False),
        ("basic", 10_000, 3_600, True, False),
        ("professional", 100_000, 600, True, True),
        ("professional_plus", 500_000, 60, True, True),
        ("professional plus", 500_000, 60, True, True),
        ("gateway", 100, 3_600, False, False),
        ("gateway_professional", 100_000, 600, True, True),
        ("never heard of", 100, 3_600, False, False),
    ],
)
def test_a_plan_has_its_calls_and_its_freshness(
    plan: str, calls: int, every_s: float, any_base: bool, timeseries: bool
) -> None:
    found = plan_of(Access("https://x", plan=plan))
    assert found.limit == Limit(calls, Period.MONTH)
    assert (found.every_s, found.any_base, found.timeseries) == (every_s, any_base, timeseries)


def test_a_plan_says_which_door_is_taken() -> None:
    classic = Door("http://data.fixer.io/api", "access_key", None)
    assert door_of(Access("http://data.fixer.io", plan="basic")) == classic
    gateway = Door("https://api.apilayer.com/fixer", None, "apikey")
    assert door_of(Access("https://api.apilayer.com", plan="gateway_basic")) == gateway
