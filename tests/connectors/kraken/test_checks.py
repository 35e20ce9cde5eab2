"""Each of Kraken's errors is typed, though most come under HTTP 200."""

import pytest

from connectors.answers import Answer
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.kraken.checks import LOCKOUT_S, RETRY_S, check
from tests.connectors.support import NOW_US


def answer(*errors: str, status: int = 200) -> Answer:
    body = '{"error":[' + ",".join(f'"{each}"' for each in errors) + "]}"
    return Answer(status, body.encode(), NOW_US)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("EQuery:Unknown asset pair", UnknownAtProviderError),
        ("EGeneral:Invalid arguments", UnknownAtProviderError),
        ("EGeneral:Unknown method", UnknownAtProviderError),
        ("EAPI:Rate limit exceeded", BurstError),
        ("EGeneral:Too many requests", BurstError),
        ("EGeneral:Temporary lockout", BurstError),
        ("EService:Unavailable", TransientError),
        ("EService:Busy", TransientError),
        ("EService:Market in cancel_only mode", TransientError),
        ("EGeneral:Internal error", TransientError),
        ("ENew:Something", TransientError),
        ("EAPI:Invalid key", BadKeyError),
        ("EGeneral:Permission denied", BadKeyError),
    ],
)
def test_an_error_is_typed(words: str, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(answer(words), "trades BTC/USD")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"", BurstError),
        (520, b"<html>", TransientError),
        (404, b'{"error":[]}', UnknownAtProviderError),
        (200, b"<html>", MalformedError),
        (200, b"{}", MalformedError),
        (200, b'{"error":[]}', MalformedError),
        (200, b'{"error":[],"result":[]}', MalformedError),
    ],
)
def test_a_status_or_a_shape_is_typed(
    status: int, body: bytes, error: type[ConnectorError]
) -> None:
    with pytest.raises(error):
        check(Answer(status, body, NOW_US), "trades BTC/USD")


def test_how_long_to_wait() -> None:
    for words, wait_s in (
        ("EAPI:Rate limit exceeded", RETRY_S),
        ("EGeneral:Temporary lockout", LOCKOUT_S),
    ):
        with pytest.raises(BurstError) as raised:
            check(answer(words), "trades")
        assert raised.value.retry_after_s == wait_s


def test_a_warning_is_no_error() -> None:
    body = b'{"error":["WGeneral:deprecated"],"result":{"XXBTZUSD":[],"last":"1"}}'
    check(Answer(200, body, NOW_US), "trades")
