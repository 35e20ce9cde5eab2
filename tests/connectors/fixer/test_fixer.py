"""Fixer's answers become rates or typed errors."""

from decimal import Decimal

import pytest

from connectors.answers import Answer
from connectors.errors import (
    BadKeyError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.fixer import check, latest_request, parse_latest
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.support import NOW_US, record, us

LATEST = (
    '{"success":true,"timestamp":1519296206,"base":"EUR","date":"2018-02-22","rates":'
    '{"EUR":1,"SEK":9.987654,"CNY":7.827874,"NGN":1.5e-5,"XAG":0.05}}'
)
CLASSIC = '{"success":false,"error":{"code":%s,"type":"x"}}'


def parsed(payload: str) -> Parsed:
    return parse_latest(record("fixer", "latest", payload), CATALOGUE)


def test_rates_are_exact_as_written() -> None:
    time_us = us("2018-02-22T10:43:26")
    assert parsed(LATEST).ticks.rows() == [
        Tick(time_us, CATALOGUE.by_symbol(f"EUR-{code}").id, 41, RATE, price=Decimal(price))
        for code, price in [("SEK", "9.987654"), ("CNY", "7.827874"), ("NGN", "0.000015")]
    ]
    assert parsed(LATEST).refused == ()


@pytest.mark.parametrize("value", ["0", "-1.5", "null", "true", '"x"', "[]", "1e400"])
def test_what_is_no_rate_is_refused_alone(value: str) -> None:
    outcome = parsed(LATEST.replace("9.987654", value))
    assert len(outcome.ticks) == 2
    assert [each.excerpt for each in outcome.refused] == [f'"SEK":{value.strip(chr(34))}']


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{}",
        "[]",
        LATEST.replace("1519296206", "true"),
        LATEST.replace('"EUR",', "1,"),
        "<html>",
    ],
)
def test_another_shape_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedError):
        parsed(payload)
    with pytest.raises(MalformedError):
        check(Answer(200, payload.encode(), NOW_US), "latest")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, CLASSIC % 101, BadKeyError),
        (200, CLASSIC % 102, BadKeyError),
        (200, CLASSIC % 104, QuotaExceededError),
        (200, CLASSIC % 105, PremiumError),
        (200, CLASSIC % 106, UnknownAtProviderError),
        (200, CLASSIC % 201, UnknownAtProviderError),
        (200, CLASSIC % 202, UnknownAtProviderError),
        (200, CLASSIC % 302, UnknownAtProviderError),
        (200, CLASSIC % '"invalid_access_key"', BadKeyError),
        (401, '{"error":{"code":"invalid_access_key","message":"x"}}', BadKeyError),
        (401, '{"message":"No API key found in request"}', BadKeyError),
        (403, '{"message":"You cannot consume this service"}', PremiumError),
        (404, '{"message":"no Route matched with those values"}', UnknownAtProviderError),
        (
            429,
            '{"message":"You have exceeded your daily/monthly API rate limit."}',
            QuotaExceededError,
        ),
        (400, "<html>", MalformedError),
        (502, "<html>", TransientError),
    ],
)
def test_an_error_is_typed(status: int, body: str, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        check(Answer(status, body.encode(), NOW_US), "latest")


def test_an_error_under_200_gives_no_tick() -> None:
    with pytest.raises(QuotaExceededError):
        parsed(CLASSIC % 104)


@pytest.mark.parametrize(
    ("now", "until"), [("2026-11-24T12:00", "2026-12-01"), ("2026-12-31T12:00", "2027-01-01")]
)
def test_the_quota_lasts_until_the_next_month(now: str, until: str) -> None:
    with pytest.raises(QuotaExceededError) as caught:
        check(Answer(200, (CLASSIC % 104).encode(), us(now)), "latest")
    assert caught.value.until_us == us(until)


def test_the_gateways_retry_after_wins() -> None:
    with pytest.raises(QuotaExceededError) as caught:
        check(Answer(429, b"{}", NOW_US, 60.0), "latest")
    assert caught.value.until_us == NOW_US + 60_000_000


def test_one_call_asks_for_all_pairs() -> None:
    pairs = [CATALOGUE.by_symbol("EUR-SEK"), CATALOGUE.by_symbol("EUR-NGN")]
    request = latest_request("http://x/api/latest", pairs)
    assert request.params == {"base": "EUR", "symbols": "SEK,NGN"}
