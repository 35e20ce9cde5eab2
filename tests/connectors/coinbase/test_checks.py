"""Each of Coinbase's errors is typed."""

import pytest

from connectors.answers import Answer
from connectors.coinbase.checks import RETRY_S, check
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from tests.connectors.support import NOW_US


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b'{"message":"NotFound"}', UnknownAtProviderError),
        (400, b'{"message":"Invalid after cursor"}', UnknownAtProviderError),
        (200, b'{"message":"NotFound"}', UnknownAtProviderError),
        (200, b'{"message":"Internal server error"}', TransientError),
        (429, b'{"message":"Public rate limit exceeded"}', BurstError),
        (500, b'{"message":"Internal server error"}', TransientError),
        (503, b"<html>", TransientError),
        (401, b'{"message":"Unauthorized."}', BadKeyError),
        (403, b"", BadKeyError),
        (200, b"<html>", MalformedError),
        (200, b"{}", MalformedError),
    ],
)
def test_an_error_is_typed(status: int, body: bytes, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(Answer(status, body, NOW_US), "trades BTC-USD")


def test_retry_after_wins_over_the_usual_wait() -> None:
    for given_s, expected_s in ((7.0, 7.0), (None, RETRY_S)):
        with pytest.raises(BurstError) as raised:
            check(Answer(429, b"", NOW_US, given_s), "trades")
        assert raised.value.retry_after_s == expected_s


def test_rows_are_no_error() -> None:
    check(Answer(200, b"[]", NOW_US), "trades")
