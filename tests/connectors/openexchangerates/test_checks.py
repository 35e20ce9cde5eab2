"""Every shape of an Open Exchange Rates error becomes its type, and says what to do next."""

import pytest

from connectors.answers import Answer
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.openexchangerates.checks import check
from tests.connectors.support import NOW_US, response, us


def body(message: str, description: str = "…", status: int = 0) -> str:
    return f'{{"error":true,"status":{status},"message":"{message}","description":"{description}"}}'


def raised(status: int, text: str | bytes, retry_after_s: float | None = None) -> ConnectorError:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConnectorError) as caught:
        check(Answer(status, data, NOW_US, retry_after_s), "latest USD")
    return caught.value


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429])
@pytest.mark.parametrize(
    ("message", "error", "advice"),
    [
        ("missing_app_id", BadKeyError, "give the App ID"),
        ("invalid_app_id", BadKeyError, "compare it"),
        ("app_id_inactive", BadKeyError, "take another"),
        ("not_allowed", PremiumError, "larger plan"),
        ("access_restricted", QuotaExceededError, "support@openexchangerates.org"),
        ("invalid_base", UnknownAtProviderError, "a base that"),
        ("invalid_currency", UnknownAtProviderError, "currencies that"),
        ("invalid_date", UnknownAtProviderError, "YYYY-MM-DD"),
        ("not_available", UnknownAtProviderError, "another"),
        ("not_found", UnknownAtProviderError, "address"),
    ],
)
def test_the_word_decides_whatever_the_status_is(
    status: int, message: str, error: type[ConnectorError], advice: str
) -> None:
    caught = raised(status, body(message))
    assert type(caught) is error
    assert advice in str(caught)


@pytest.mark.parametrize(
    ("status", "text", "error", "advice"),
    [
        (401, body("unheard_of"), BadKeyError, "compare it"),
        (403, "<html>", PremiumError, "larger plan"),
        (404, "<html>", UnknownAtProviderError, "address"),
        (429, "", BurstError, "again in 60 s"),
        (400, "{}", MalformedError, "HTTP 400 without a known reason: look at"),
        (200, body("unheard_of"), MalformedError, "HTTP 200 without a known reason: look at"),
        (500, "", TransientError, "HTTP 500, asked again"),
        (503, body("unheard_of"), TransientError, "HTTP 503, asked again"),
    ],
)
def test_the_status_decides_where_there_is_no_known_word(
    status: int, text: str, error: type[ConnectorError], advice: str
) -> None:
    caught = raised(status, text)
    assert type(caught) is error
    assert advice in str(caught)


class TestRecorded:
    def test_an_inactive_key(self) -> None:
        assert str(raised(401, response("openexchangerates/app_id_inactive.json"))) == (
            "openexchangerates: the key is missing or was not accepted: "
            "this App ID is deactivated: take another"
        )

    def test_a_restriction_until_2050_is_tried_again_next_month(self) -> None:
        caught = raised(429, response("openexchangerates/access_restricted_error.json"))
        assert isinstance(caught, QuotaExceededError)
        assert caught.until_us == us("2026-12-01")


@pytest.mark.parametrize(
    ("retry_after_s", "description", "until"),
    [
        (60.0, "until 2050-01-01", "2026-11-24T12:01"),
        (None, "too many requests", "2026-12-01"),
        (None, "until 2026-13-99", "2026-12-01"),
        (None, "restricted until 2026-11-28 (reason)", "2026-11-28"),
        (None, "restricted until 2026-11-24 (reason)", "2026-12-01"),
    ],
)
def test_how_long_a_restriction_lasts(
    retry_after_s: float | None, description: str, until: str
) -> None:
    caught = raised(403, body("access_restricted", description), retry_after_s)
    assert isinstance(caught, QuotaExceededError)
    assert caught.until_us == us(until)


def test_a_table_of_unknown_currencies_is_empty() -> None:
    caught = raised(200, '{"timestamp":1521741600,"base":"USD","rates":{}}')
    assert type(caught) is UnknownAtProviderError
    assert str(caught) == (
        "openexchangerates: nothing is known of latest USD: "
        "take currencies that the endpoint currencies names"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", "<html>", '{"rates":{"EUR":1}}'])
def test_another_shape_is_malformed(text: str) -> None:
    assert type(raised(200, text)) is MalformedError


def test_a_table_and_what_is_no_table_pass() -> None:
    check(Answer(200, response("openexchangerates/latest.json"), NOW_US), "latest USD")
    check(Answer(200, b'{"AED":"Dirham"}', NOW_US), "currencies")
