"""Plans by their names."""

import pytest

from connectors.alphavantage.plans import plan_of
from connectors.errors import UnknownAtProviderError
from market.quotas import Limit, Period

FREE = (Limit(25, Period.DAY), Limit(1, Period.SECOND))


@pytest.mark.parametrize("name", ["free", "rapidapi"])
def test_a_free_plan_is_counted_by_day_and_second(name: str) -> None:
    plan = plan_of(name)
    assert (plan.premium, plan.limits, plan.entitlement, plan.rate_every_s) == (
        False,
        FREE,
        "",
        60.0,
    )
    assert plan.by_rapidapi is (name == "rapidapi")


@pytest.mark.parametrize(
    ("name", "calls", "rate_every_s"),
    [
        ("premium", 75, 60.0),
        ("premium75", 75, 60.0),
        ("premium150", 150, 30.0),
        ("premium300", 300, 15.0),
        ("premium600", 600, 7.5),
        ("premium1200", 1_200, 3.75),
        ("premium60000", 60_000, 1.0),
    ],
)
def test_a_premium_plan_is_counted_by_minute(name: str, calls: int, rate_every_s: float) -> None:
    plan = plan_of(name)
    assert (plan.premium, plan.limits) == (True, (Limit(calls, Period.MINUTE),))
    assert (plan.entitlement, plan.rate_every_s) == ("realtime", rate_every_s)


def test_a_premium_plan_may_be_delayed() -> None:
    assert plan_of("premium150-delayed").entitlement == "delayed"


@pytest.mark.parametrize("name", ["", "gold", "premium0", "premium-1", "Free"])
def test_another_name_is_no_plan(name: str) -> None:
    with pytest.raises(UnknownAtProviderError, match="plans are free"):
        plan_of(name)
