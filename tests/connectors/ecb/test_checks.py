"""What an answer of the ECB means that holds no rates."""

import pytest

from connectors.answers import Answer
from connectors.ecb.checks import check
from connectors.errors import (
    BurstError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from tests.connectors.ecb.samples import DAILY, recorded
from tests.connectors.support import NOW_US


@pytest.mark.parametrize("body", [DAILY, recorded("eurofxref.csv")])
def test_a_document_with_a_day_passes(body: bytes) -> None:
    check(Answer(200, body, NOW_US), "eurofxref-daily.xml")


@pytest.mark.parametrize(
    ("status", "body", "error", "advice"),
    [
        (200, b"", MalformedError, "neither XML nor CSV"),
        (200, b"<html></html>", MalformedError, "not an Envelope"),
        (200, b"<html>", MalformedError, "not an Envelope"),
        (400, b"", MalformedError, "look at the provider's address"),
        (403, b"<html>", TransientError, "asked again in an hour"),
        (404, b"<html>", UnknownAtProviderError, "look at the provider's address"),
        (429, b"", BurstError, "again in 3600 s"),
        (503, DAILY, TransientError, "HTTP 503, asked again"),
    ],
)
def test_everything_else_says_what_to_do(
    status: int, body: bytes, error: type[ConnectorError], advice: str
) -> None:
    with pytest.raises(ConnectorError) as caught:
        check(Answer(status, body, NOW_US), "eurofxref-daily.xml")
    assert type(caught.value) is error
    assert advice in str(caught.value)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_its_retry_after_wins(status: int) -> None:
    with pytest.raises(ConnectorError) as caught:
        check(Answer(status, b"", NOW_US, 7.0), "eurofxref-daily.xml")
    assert isinstance(caught.value, TransientError | BurstError)
    assert caught.value.retry_after_s == 7.0
