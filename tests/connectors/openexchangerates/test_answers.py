"""Open Exchange Rates' other answers."""

from decimal import Decimal

import pytest

from connectors.answers import Answer
from connectors.errors import MalformedError, PremiumError
from connectors.openexchangerates.answers import (
    Conversion,
    Usage,
    conversion_of,
    currencies_of,
    usage_of,
)
from market.errors import NotAPriceError
from tests.connectors.support import NOW_US, us

CONVERT = (
    '{"disclaimer":"d","license":"l","request":{"query":"/convert/100/USD/EUR","amount":100,'
    '"from":"USD","to":"EUR"},"meta":{"timestamp":1686614400,"rate":0.924123},"response":92.4123}'
)
USAGE = (
    '{"status":200,"data":{"app_id":"CANARY","status":"active","plan":{"name":"Free","quota":'
    '"1000 requests / month","update_frequency":"3600s","features":{"base":false}},"usage":'
    '{"requests":54,"requests_quota":1000,"requests_remaining":946,"days_elapsed":3,'
    '"days_remaining":27,"daily_average":18}}}'
)


def answer(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), NOW_US)


def test_currencies_have_names() -> None:
    assert currencies_of(answer('{"AED":"United Arab Emirates Dirham"}')) == {
        "AED": "United Arab Emirates Dirham"
    }
    with pytest.raises(MalformedError):
        currencies_of(answer('{"AED":1}'))


def test_a_conversion_is_exact() -> None:
    assert conversion_of(answer(CONVERT)) == Conversion(
        base="USD",
        code="EUR",
        amount=Decimal(100),
        rate=Decimal("0.924123"),
        result=Decimal("92.4123"),
        time_us=us("2023-06-13"),
    )


@pytest.mark.parametrize("value", ["NaN", "null", "true", "-1", "0"])
def test_a_rate_that_is_none_is_refused(value: str) -> None:
    with pytest.raises((NotAPriceError, MalformedError)):
        conversion_of(answer(CONVERT.replace("0.924123", value)))


def test_usage_says_what_is_left_but_not_the_key() -> None:
    usage = usage_of(answer(USAGE))
    assert usage == Usage("Free", requests=54, quota=1_000, remaining=946, days_remaining=27)
    assert "CANARY" not in repr(usage)


@pytest.mark.parametrize("written", ["-1", "null"])
def test_a_plan_without_end_has_no_quota(written: str) -> None:
    text = USAGE.replace(":1000,", f":{written},").replace("946", written)
    usage = usage_of(answer(text))
    assert (usage.quota, usage.remaining) == (None, None)


def test_errors_are_those_of_every_endpoint() -> None:
    with pytest.raises(PremiumError):
        conversion_of(answer('{"error":true,"message":"not_allowed"}', 403))
