"""Live, stale, closed."""

import pytest

from api.market.freshness import STALE_AFTER_US, State, stale_after_us, state_of
from market.sources import Feed

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("feed", "age_s", "is_open", "expected"),
    [
        (Feed.LIVE, 30, True, State.LIVE),
        (Feed.LIVE, 30.000001, True, State.STALE),
        (Feed.LIVE, 1, False, State.CLOSED),
        (Feed.LIVE, 99, False, State.CLOSED),
        (Feed.RECORDED, 1, False, State.CLOSED),
        (Feed.SIMULATED, 1, False, State.LIVE),
        (Feed.SIMULATED, 31, False, State.CLOSED),
        (Feed.SIMULATED, 31, True, State.STALE),
    ],
)
def test_state_of(feed: Feed, age_s: float, is_open: bool, expected: State) -> None:
    age_us = round(age_s * SECOND)
    assert state_of(feed, "binance", age_us, is_open=is_open) is expected


def test_a_provider_has_the_patience_that_its_plan_needs_but_a_simulated_one_little() -> None:
    assert stale_after_us(Feed.LIVE, "fixer") == STALE_AFTER_US["fixer"] == 7_200 * SECOND
    assert stale_after_us(Feed.SIMULATED, "fixer") == 180 * SECOND
    assert stale_after_us(Feed.SIMULATED, "binance") == 30 * SECOND
    assert stale_after_us(Feed.LIVE, "somebody new") == 60 * SECOND
