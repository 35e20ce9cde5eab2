"""The sandbox refuses in the provider's words, and the connector knows every one of them."""

import pytest

from connectors.alphavantage.checks import check
from connectors.answers import Answer
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    PremiumError,
    QuotaExceededError,
    UnknownAtProviderError,
)
from connectors.sandbox import alphavantage_texts as texts
from connectors.sandbox import wire
from tests.connectors.alphavantage import test_checks as sheet
from tests.connectors.sandbox.conftest import NOW_US, body

KEY = sheet.KEY
REFUSALS = [
    (texts.error(texts.BAD_KEY), sheet.BAD_KEY, BadKeyError),
    (texts.invalid_call("TIME_SERIES_DAILY"), sheet.INVALID_CALL, UnknownAtProviderError),
    (texts.information(texts.DAILY_QUOTA), sheet.DAILY, QuotaExceededError),
    (texts.information(texts.echoing_quota(KEY)), sheet.DAILY_WITH_KEY, QuotaExceededError),
    (texts.information(texts.BURST), sheet.BURST, BurstError),
    (texts.information(texts.PREMIUM), sheet.PREMIUM, PremiumError),
    (texts.information(texts.DEMO), sheet.DEMO, BadKeyError),
]


@pytest.mark.parametrize(("answer", "expected", "error"), REFUSALS)
def test_a_refusal_is_that_of_the_sheet(
    answer: wire.Answer, expected: object, error: type[ConnectorError]
) -> None:
    assert (answer.status, body(answer)) == (200, expected)
    with pytest.raises(error):
        check(Answer(answer.status, answer.body, NOW_US), "")


def test_a_refused_table_spells_the_word() -> None:
    answer = texts.refused_table("timestamp,open")
    assert answer.body == b"timestamp,open\r\nI,n,f,o,r,m,a\r\n"
    with pytest.raises(QuotaExceededError):
        check(Answer(200, answer.body, NOW_US), "")
