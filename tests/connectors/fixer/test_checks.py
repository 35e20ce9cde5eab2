"""Every shape of a Fixer error becomes its type, with a sentence that says what to do next."""

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
from connectors.fixer.checks import check
from tests.connectors.support import NOW_US, us

LIMIT = (
    '{"message":"You have exceeded your daily/monthly API rate limit. Please review and upgrade '
    'your subscription plan at https://promptapi.com/subscriptions to continue."}'
)


def body(code: int | str, kind: str | None = None, info: str | None = None) -> str:
    shown = f'"{code}"' if isinstance(code, str) else str(code)
    parts = [f'"code":{shown}']
    parts += [] if kind is None else [f'"type":"{kind}"']
    parts += [] if info is None else [f'"info":"{info}"']
    return '{"success":false,"error":{' + ",".join(parts) + "}}"


def raised(status: int, text: str, request: str = "latest EUR") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        check(Answer(status, text.encode(), NOW_US), request)
    return caught.value


@pytest.mark.parametrize(
    ("text", "error", "advice"),
    [
        (body(101, "missing_access_key"), BadKeyError, "give the access key"),
        (body(101, "invalid_access_key", "You have not …"), BadKeyError, "compare it"),
        (body(101), BadKeyError, "compare it"),
        (body(102, "inactive_user"), BadKeyError, "sign in at fixer.io"),
        (body(103, "invalid_api_function"), UnknownAtProviderError, "no such endpoint"),
        (body(404, "404_not_found"), UnknownAtProviderError, "no such endpoint"),
        (body(104, "monthly_limit_reached", "Your …"), QuotaExceededError, "next month"),
        (body(105, "base_currency_access_restricted"), PremiumError, "base EUR"),
        (body(105, "function_access_restricted"), PremiumError, "larger plan"),
        (body(105, "https_access_restricted"), PremiumError, "http://"),
        (body(106, "no_rates_available"), TransientError, "asked again"),
        (body(201, "invalid_base_currency"), UnknownAtProviderError, "a base that"),
        (body(202, "invalid_currency_codes"), UnknownAtProviderError, "currencies that"),
        (body(301), UnknownAtProviderError, "YYYY-MM-DD"),
        (body(302, "invalid_date"), UnknownAtProviderError, "YYYY-MM-DD"),
        (body(403, "invalid_conversion_amount"), UnknownAtProviderError, "amount"),
        *(
            (body(code), UnknownAtProviderError, "a first and a last day")
            for code in range(501, 506)
        ),
        (body(604), UnknownAtProviderError, "amount"),
        (body(605), UnknownAtProviderError, "a first and a last day"),
        (body(606), UnknownAtProviderError, "weekday"),
        (body("101"), BadKeyError, "compare it"),
        (body("invalid_access_key"), BadKeyError, "compare it"),
        (body("monthly_limit_reached"), QuotaExceededError, "next month"),
        (body("rate_limit_reached"), BurstError, "again in 60 s"),
        (body(999), UnknownAtProviderError, "fixer.io/documentation"),
        ('{"success":false,"error":{}}', UnknownAtProviderError, "fixer.io/documentation"),
        ('{"success":false}', MalformedError, "no error that says why"),
    ],
)
def test_an_error_under_200(text: str, error: type[ConnectorError], advice: str) -> None:
    caught = raised(200, text)
    assert type(caught) is error
    assert advice in str(caught)


def test_a_day_without_rates_stays_without() -> None:
    caught = raised(200, body(106, "no_rates_available"), "historical 2026-11-22 EUR")
    assert type(caught) is UnknownAtProviderError
    assert "another day" in str(caught)


@pytest.mark.parametrize(
    ("status", "text", "error", "advice"),
    [
        (401, '{"message":"No API key found in request"}', BadKeyError, "apikey"),
        (401, '{"message":"Invalid authentication credentials"}', BadKeyError, "apikey"),
        (403, '{"message":"You cannot consume this service"}', PremiumError, "subscribe"),
        (
            404,
            '{"message":"no Route matched with those values"}',
            UnknownAtProviderError,
            "address",
        ),
        (429, LIMIT, QuotaExceededError, "larger plan"),
        (400, "<html>Bad Request</html>", MalformedError, "HTTP 400: look at"),
        (403, body(999), PremiumError, "subscribe"),
        (
            401,
            '{"error":{"code":"invalid_access_key","message":"You have not …"}}',
            BadKeyError,
            "compare it",
        ),
        (502, "<html>", TransientError, "HTTP 502, asked again"),
        (503, body(101), TransientError, "HTTP 503, asked again"),
    ],
)
def test_the_gateways_status(
    status: int, text: str, error: type[ConnectorError], advice: str
) -> None:
    caught = raised(status, text)
    assert type(caught) is error
    assert advice in str(caught)


def test_a_refusal_names_what_was_asked() -> None:
    assert str(raised(200, body(105), "timeseries GBP 2026-01-01..2026-02-01")) == (
        "fixer: timeseries GBP 2026-01-01..2026-02-01 is not part of this plan: "
        "ask for latest rates of the euro alone, or take a larger plan"
    )


@pytest.mark.parametrize(
    ("now", "until"), [("2026-11-24T12:00", "2026-12-01"), ("2026-12-31T12:00", "2027-01-01")]
)
def test_the_months_calls_come_back_with_the_next_month(now: str, until: str) -> None:
    with pytest.raises(QuotaExceededError) as caught:
        check(Answer(200, body(104).encode(), us(now)), "latest EUR")
    assert caught.value.until_us == us(until)


def test_the_gateway_may_mean_the_day_so_it_is_asked_again_tomorrow() -> None:
    caught = raised(429, LIMIT)
    assert isinstance(caught, QuotaExceededError)
    assert caught.until_us == us("2026-11-25")


def test_the_gateways_retry_after_wins() -> None:
    with pytest.raises(QuotaExceededError) as caught:
        check(Answer(429, b"{}", NOW_US, 60.0), "latest EUR")
    assert caught.value.until_us == NOW_US + 60_000_000


@pytest.mark.parametrize("kind", ["latest", "historical", "timeseries"])
@pytest.mark.parametrize("text", ["", "{}", "[]", "<html>", '{"success":true}', '{"success":1}'])
def test_another_shape_is_malformed(kind: str, text: str) -> None:
    assert type(raised(200, text, f"{kind} EUR")) is MalformedError


def test_what_holds_no_table_needs_none() -> None:
    check(Answer(200, b'{"success":true,"symbols":{}}', NOW_US), "symbols")
