"""Each of Binance's errors is typed."""

import pytest

from connectors.answers import Answer
from connectors.binance.checks import BAN_S, RETRY_S, check
from connectors.errors import (
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
        (429, b'{"code":-1003,"msg":"Too many requests."}', BurstError),
        (418, b"", BurstError),
        (403, b"<html>", BurstError),
        (400, b'{"code":-1003,"msg":"Too much request weight used."}', BurstError),
        (503, b"<html>", TransientError),
        (400, b'{"code":-1001,"msg":"Internal error."}', TransientError),
        (408, b'{"code":-1007,"msg":"Timeout."}', TransientError),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', UnknownAtProviderError),
        (400, b'{"code":-1100,"msg":"Illegal characters."}', UnknownAtProviderError),
        (200, b'{"code":-1121,"msg":"Invalid symbol."}', UnknownAtProviderError),
        (404, b"<html>", UnknownAtProviderError),
        (451, b'{"code":0,"msg":"Service unavailable."}', UnknownAtProviderError),
        (200, b"<html>", MalformedError),
        (200, b"{}", MalformedError),
    ],
)
def test_an_error_is_typed(status: int, body: bytes, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(Answer(status, body, NOW_US), "trades BTCUSDT")


@pytest.mark.parametrize(("status", "usual_s"), [(429, RETRY_S), (418, BAN_S)])
def test_retry_after_wins_over_the_usual_wait(status: int, usual_s: float) -> None:
    for given_s, expected_s in ((7.0, 7.0), (None, usual_s)):
        with pytest.raises(BurstError) as raised:
            check(Answer(status, b"", NOW_US, given_s), "trades")
        assert raised.value.retry_after_s == expected_s


def test_a_place_that_may_not_ask_is_told_so() -> None:
    with pytest.raises(UnknownAtProviderError, match="not offered where this machine is"):
        check(Answer(451, b"", NOW_US), "trades")


def test_rows_are_no_error() -> None:
    check(Answer(200, b"[]", NOW_US), "trades")
