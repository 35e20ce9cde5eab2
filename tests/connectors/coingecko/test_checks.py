"""Each error shape of CoinGecko is one typed error whose text says what to do next."""

import pytest

from connectors.answers import Answer
from connectors.coingecko.checks import check
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    TransientError,
    UnknownAtProviderError,
)
from tests.connectors.support import NOW_US

CODED = (
    '{"status":{"timestamp":"2025-10-12T11:10:40.873+00:00","error_code":%s,"error_message":"x"}}'
)
WRAPPED = '{"error":%s}'
BESIDE = (
    '{"timestamp":"2025-10-12T11:10:40.873+00:00","error_code":%s,"status":{"error_message":"x"}}'
)

ERRORS = [
    (429, CODED % 429, BurstError, "too many calls at once, again in 60 s"),
    (200, CODED % 429, BurstError, "again in 60 s"),
    (429, "", BurstError, "again in 60 s"),
    (429, "<html>", BurstError, "again in 60 s"),
    (401, WRAPPED % (CODED % 10012), PremiumError, "no more than the past 365 days"),
    (401, CODED % 10005, PremiumError, "upgrade the plan"),
    (401, CODED % 10002, BadKeyError, "set a demo key for plan demo"),
    (401, CODED % '"10002"', BadKeyError, "set a demo key for plan demo"),
    (400, BESIDE % 10010, BadKeyError, "a pro key wants plan pro"),
    (400, BESIDE % 10011, BadKeyError, "a demo key wants plan demo"),
    (401, '{"error":"unauthorized"}', BadKeyError, "check the key"),
    (400, '{"error":"invalid vs_currency"}', UnknownAtProviderError, 'says "invalid vs_currency"'),
    (404, '{"error":"coin not found"}', UnknownAtProviderError, "check the coin's id"),
    (422, '{"error":"Missing parameter vs_currency"}', UnknownAtProviderError, "the parameters"),
    (404, CODED % 10013, UnknownAtProviderError, 'it says "x"'),
    (404, "<html>", UnknownAtProviderError, "check the coin's id"),
    (403, "<html>error code: 1020", TransientError, "blocked us: ask less often"),
    (403, CODED % 1020, TransientError, "blocked us: ask less often"),
    (408, "", TransientError, "ask again later"),
    (500, CODED % 500, TransientError, "ask again later"),
    (503, "<html>", TransientError, "ask again later"),
    (502, CODED % 99999, TransientError, "ask again later"),
    (200, WRAPPED % (CODED % 503), TransientError, "ask again later"),
    (200, "<html>", MalformedError, "neither a JSON object nor a list"),
    (200, "", MalformedError, "neither a JSON object nor a list"),
    (200, '"bitcoin"', MalformedError, "neither a JSON object nor a list"),
]


@pytest.mark.parametrize(("status", "body", "error", "text"), ERRORS)
def test_each_shape_is_its_typed_error(
    status: int, body: str, error: type[ConnectorError], text: str
) -> None:
    with pytest.raises(error) as caught:
        check(Answer(status, body.encode(), NOW_US), "simple/price")
    assert type(caught.value) is error
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        '{"bitcoin":{"usd":1}}',
        '{"status":{"usd":0.02,"last_updated_at":1779092258}}',
        '{"prices":[]}',
    ],
)
def test_an_answer_passes_even_of_the_coin_named_status(body: str) -> None:
    check(Answer(200, body.encode(), NOW_US), "simple/price")


@pytest.mark.parametrize(("status", "error"), [(429, BurstError), (503, TransientError)])
def test_retry_after_is_kept(status: int, error: type[ConnectorError]) -> None:
    with pytest.raises(error) as caught:
        check(Answer(status, b"", NOW_US, 53.0), "simple/price")
    assert isinstance(caught.value, BurstError | TransientError)
    assert caught.value.retry_after_s == 53.0


def test_the_cdn_is_left_alone_for_minutes() -> None:
    with pytest.raises(TransientError) as caught:
        check(Answer(403, b"<html>error code: 1020", NOW_US), "simple/price")
    assert caught.value.retry_after_s == 300.0


def test_a_key_that_is_echoed_is_not_shown() -> None:
    body = b'{"error":"no access for CG-CANARY123 with x_cg_pro_api_key=CG-CANARY123"}'
    with pytest.raises(UnknownAtProviderError) as caught:
        check(Answer(400, body, NOW_US), "simple/price")
    assert "no access for ***" in str(caught.value)
    assert "CANARY" not in str(caught.value) + repr(caught.value)
