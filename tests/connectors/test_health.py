"""The health of a stream: waits grow, rests are long, and a change of state is told once."""

import logging

import pytest

from connectors.backoff import Backoff
from connectors.breaker import Breaker
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
from connectors.health import QUOTA_REST_S, REST_S, Health
from tests.connectors.support import NOW_US

LOST = TransientError("kraken", "the stream ended with code 1006")


def unspread(_low: float, high: float) -> float:
    return high


def health(threshold: int = 100) -> Health:
    return Health(
        "kraken",
        lambda: NOW_US,
        Backoff(first_s=0.25, longest_s=30.0, uniform=unspread),
        Breaker(threshold, rest_s=60.0, uniform=unspread),
    )


def test_waits_double_until_a_connection_stands() -> None:
    stream = health()
    assert [stream.failed(LOST) for _ in range(3)] == [0.25, 0.5, 1.0]
    assert stream.wait_s() == 2.0
    stream.stands()
    assert stream.failed(LOST) == 0.25


def test_a_change_of_state_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream = health()
    for _ in range(5):
        stream.failed(LOST)
    stream.stands()
    stream.stands()
    assert [record.getMessage() for record in caplog.records] == [
        "kraken: the stream ended with code 1006; connecting anew",
        "kraken: the stream stands again",
    ]


def test_how_it_has_gone_can_be_asked() -> None:
    stream = health()
    assert stream.outcome(NOW_US) is None
    stream.heard_us = NOW_US
    assert stream.outcome(NOW_US) == "ok"
    assert stream.outcome(NOW_US + 1) is None
    stream.failed(LOST)
    assert stream.outcome(NOW_US) == "kraken: the stream ended with code 1006"
    stream.stands()
    assert stream.outcome(NOW_US) == "ok"


def test_after_failures_in_a_row_it_rests_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = health(threshold=3)
    assert [stream.failed(LOST) for _ in range(4)] == [0.25, 0.5, 90.0, 90.0]
    told = [record.getMessage() for record in caplog.records]
    assert told[1:] == ["kraken: the stream failed 3 times in a row and rests"]


@pytest.mark.parametrize("attempts_s", [300.0, 600.0])
def test_a_venue_that_is_away_is_tried_far_less_than_its_limit(attempts_s: float) -> None:
    stream = Health("kraken", lambda: NOW_US)
    passed_s, attempts = 0.0, 0
    while passed_s < attempts_s:
        passed_s += stream.failed(LOST)
        attempts += 1
    assert attempts < 40


@pytest.mark.parametrize(
    ("error", "rest_s"),
    [
        (BadKeyError("kraken"), REST_S),
        (PremiumError("kraken", "streams"), REST_S),
        (QuotaExceededError("kraken", None), QUOTA_REST_S + 0.25),
        (QuotaExceededError("kraken", NOW_US + 5_000_000), 5.25),
        (BurstError("kraken", 17.0), 17.0),
        (TransientError("kraken", "busy", 3.0), 3.0),
        (TransientError("kraken", "busy", 0.0), 0.25),
    ],
)
def test_each_refusal_has_its_rest(error: ConnectorError, rest_s: float) -> None:
    assert health().failed(error) == rest_s


@pytest.mark.parametrize(
    "error", [UnknownAtProviderError("kraken", "FOO/BAR"), MalformedError("kraken", "no JSON")]
)
def test_what_concerns_a_part_is_told_once_and_the_rest_goes_on(
    error: ConnectorError, caplog: pytest.LogCaptureFixture
) -> None:
    stream = health()
    stream.refused(error)
    stream.refused(error)
    assert len(caplog.records) == 1


def test_what_concerns_all_ends_the_connection() -> None:
    with pytest.raises(BadKeyError):
        health().refused(BadKeyError("kraken"))
