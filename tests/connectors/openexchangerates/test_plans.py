"""Open Exchange Rates' plans."""

import pytest

from connectors.openexchangerates.plans import FREE, plan_of


@pytest.mark.parametrize(
    ("name", "calls", "every_s", "any_base"),
    [
        ("free", [1_000], 3_600, False),
        ("developer", [10_000], 3_600, True),
        ("enterprise", [100_000], 1_800, True),
        ("unlimited", [], 300, True),
    ],
)
def test_a_plan_has_its_calls_and_its_freshness(
    name: str, calls: list[int], every_s: float, any_base: bool
) -> None:
    plan = plan_of(name)
    assert [limit.calls for limit in plan.limits] == calls
    assert (plan.every_s, plan.any_base) == (every_s, any_base)


def test_an_unknown_plan_is_the_narrowest() -> None:
    assert plan_of("never heard of") is FREE
