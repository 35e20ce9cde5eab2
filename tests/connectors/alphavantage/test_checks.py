"""Every refusal of Alpha Vantage is one typed error that says what to do next, and shows no key."""

import json
from collections.abc import Mapping

import pytest

from connectors.alphavantage.checks import BURST_RETRY_S, MINUTE_RETRY_S, check
from connectors.alphavantage.parsers import PARSERS
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
from connectors.parsing import parse
from market.instruments import CATALOGUE
from tests.connectors.alphavantage.samples import SAMPLES, av, recorded
from tests.connectors.support import NOW_US, us

ASKED = "TIME_SERIES_DAILY IBM"
KEY = "CANARY0123456789"
SITE = "https://www.alphavantage.co"
THANKS = "Thank you for using Alpha Vantage!"
PLANS = f"You may subscribe to any of the premium plans at {SITE}/premium/ to"

INVALID_CALL = {
    "Error Message": f"Invalid API call. Please retry or visit the documentation ({SITE}/"
    "documentation/) for TIME_SERIES_DAILY."
}
BAD_KEY = {
    "Error Message": "the parameter apikey is invalid or missing. Please claim your free API key on "
    f"({SITE}/support/#api-key). It should take less than 20 seconds."
}
DAILY = {
    "Information": f"{THANKS} Our standard API rate limit is 25 requests per day. Please subscribe to "
    f"any of the premium plans at {SITE}/premium/ to instantly remove all daily rate limits."
}
DAILY_WITH_KEY = {
    "Information": f"We have detected your API key as {KEY} and our standard API rate limit is 25 "
    f"requests per day. Please subscribe to any of the premium plans at {SITE}/premium/ to instantly "
    "remove all daily rate limits."
}
BURST = {
    "Information": f"{THANKS} Please consider spreading out your free API requests more sparingly (1 "
    f"request per second). {PLANS} lift the free key rate limit (25 requests per day), raise the "
    "per-second burst limit, and instantly unlock all premium endpoints"
}
PREMIUM = {
    "Information": f"{THANKS} This is a premium endpoint. {PLANS} instantly unlock all premium endpoints"
}
PREMIUM_SIZE = {
    "Information": f"{THANKS} The outputsize=full parameter value is a premium feature for the "
    f"TIME_SERIES_DAILY endpoint. {PLANS} instantly unlock all premium features"
}
DEMO = {
    "Information": "The **demo** API key is for demo purposes only. Please claim your free API key at "
    f"({SITE}/support/#api-key) to explore our full API offerings. It takes fewer than 20 seconds."
}
LEGACY = {
    "Note": f"{THANKS} Our standard API call frequency is 5 calls per minute and 500 calls per day. "
    f"Please visit {SITE}/premium/ if you would like to target a higher API call frequency."
}
SAMPLE_DATA = {
    "endpoint": "Realtime Bulk Quotes",
    "message": "The following is sample data. Please subscribe to a premium plan.",
    "data": [{"symbol": "AAPL", "close": "1"}],
}
META = {"Meta Data": {"2. Symbol": "IBM", "1. Information": "25 requests per day"}}
ERRORS: list[tuple[Mapping[str, object], type[ConnectorError], str]] = [
    (INVALID_CALL, UnknownAtProviderError, "check the symbol"),
    (BAD_KEY, BadKeyError, "set a key of your own"),
    (DAILY, QuotaExceededError, "asked again after midnight UTC"),
    (DAILY_WITH_KEY, QuotaExceededError, "asked again after midnight UTC"),
    (BURST, BurstError, "again in 2 s"),
    (PREMIUM, PremiumError, "take a plan that holds it"),
    (PREMIUM_SIZE, PremiumError, "take a plan that holds it"),
    (DEMO, BadKeyError, "the demo key answers examples only, set a key of your own"),
    (LEGACY, BurstError, "again in 60 s"),
    (SAMPLE_DATA, PremiumError, "take a plan that holds it"),
    ({"Information": "something new"}, MalformedError, "asked again later"),
    ({"detail": "Could not satisfy the request Accept header."}, MalformedError, "asked again"),
    ({}, UnknownAtProviderError, "check the symbol"),
    ({"Global Quote": {}}, UnknownAtProviderError, "check the symbol"),
    ({"Realtime Currency Exchange Rate": {}}, UnknownAtProviderError, "check the symbol"),
    (META, UnknownAtProviderError, "check the symbol"),
    ({**META, "Time Series (Daily)": {}}, UnknownAtProviderError, "check the symbol"),
    ({"endpoint": "", "message": "", "data": []}, UnknownAtProviderError, "check the symbol"),
]


@pytest.mark.parametrize(("body", "error", "advice"), ERRORS)
def test_a_body_under_200_is_its_typed_error(
    body: Mapping[str, object], error: type[ConnectorError], advice: str
) -> None:
    with pytest.raises(error) as caught:
        check(Answer(200, json.dumps(body).encode(), NOW_US), ASKED)
    assert type(caught.value) is error
    assert advice in str(caught.value)
    assert KEY not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("body", [body for body, *_ in ERRORS])
def test_a_body_under_200_is_no_tick_and_shows_no_key(
    kind: str, body: Mapping[str, object]
) -> None:
    parsed = parse(av(kind, body), CATALOGUE)
    assert (len(parsed.ticks), len(parsed.bars)) == (0, 0)
    (refusal,) = parsed.refused
    assert KEY not in refusal.excerpt + refusal.reason


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, BadKeyError),
        (403, BadKeyError),
        (404, MalformedError),
        (429, BurstError),
        (500, TransientError),
        (503, TransientError),
        (200, MalformedError),
    ],
)
def test_a_status_or_a_page_is_its_typed_error(status: int, error: type[ConnectorError]) -> None:
    page = b"<html><body>503 Service Temporarily Unavailable</body></html>"
    with pytest.raises(error):
        check(Answer(status, page, NOW_US), ASKED)


def test_an_accept_header_that_is_refused() -> None:
    body = b'{"detail":"Could not satisfy the request Accept header."}'
    with pytest.raises(MalformedError, match=r"application/json or \*/\*"):
        check(Answer(406, body, NOW_US), ASKED)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_body_that_was_cut_off_is_malformed(share: float) -> None:
    payload = recorded("mock_time_series")
    with pytest.raises(MalformedError):
        check(Answer(200, payload[: int(len(payload) * share)], NOW_US), ASKED)


def test_how_long_to_wait() -> None:
    waits = []
    for body in (BURST, LEGACY):
        with pytest.raises(BurstError) as caught:
            check(Answer(200, json.dumps(body).encode(), NOW_US), ASKED)
        waits.append(caught.value.retry_after_s)
    assert waits == [BURST_RETRY_S, MINUTE_RETRY_S]
    with pytest.raises(BurstError) as caught:
        check(Answer(429, b"", NOW_US, retry_after_s=7.0), ASKED)
    assert caught.value.retry_after_s == 7.0


def test_the_quota_lasts_until_the_next_day() -> None:
    with pytest.raises(QuotaExceededError) as caught:
        check(Answer(200, json.dumps(DAILY).encode(), us("2026-12-31T23:59:59")), ASKED)
    assert caught.value.until_us == us("2027-01-01")


class TestTables:
    def test_the_row_of_letters_is_a_used_up_quota_of_unknown_length(self) -> None:
        body = b"timestamp,open,high,low,close,volume\r\nI,n,f,o,r,m,a\r\n"
        with pytest.raises(QuotaExceededError, match="asked again in a while") as caught:
            check(Answer(200, body, NOW_US), ASKED)
        assert caught.value.until_us is None

    @pytest.mark.parametrize("body", [b"timestamp,open\r\n", b"timestamp,open", b"time,open\n\n"])
    def test_a_header_alone_is_nothing(self, body: bytes) -> None:
        with pytest.raises(UnknownAtProviderError):
            check(Answer(200, body, NOW_US), ASKED)

    def test_rows_are_no_error(self) -> None:
        check(Answer(200, recorded("time_series_intraday.csv"), NOW_US), ASKED)


@pytest.mark.parametrize("kind", SAMPLES)
def test_prices_are_no_error(kind: str) -> None:
    check(Answer(200, SAMPLES[kind], NOW_US), kind)
