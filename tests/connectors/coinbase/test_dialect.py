"""Coinbase's stream: a subscription for each product, and errors that say what they concern."""

import json

import pytest

from connectors.coinbase.dialect import CoinbaseDialect
from connectors.connector import KEEP, SKIP, Dialect, Heard
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    TransientError,
    UnknownAtProviderError,
)
from tests.connectors.coinbase import samples

DIALECT = CoinbaseDialect("wss://x", ("BTC-USD", "ETH-USD"))


def hear(line: str) -> Heard:
    return DIALECT.hear(line.split(" ", 1)[1].encode())


def test_each_product_has_a_subscription_of_its_own() -> None:
    dialect: Dialect = DIALECT
    assert [json.loads(each) for each in dialect.opening()] == [
        {
            "type": "subscribe",
            "product_ids": [product],
            "channels": ["ticker", "matches", "heartbeat"],
        }
        for product in ("BTC-USD", "ETH-USD")
    ]


def test_it_never_pings_and_expects_a_heartbeat_a_second() -> None:
    assert (DIALECT.ping_s, DIALECT.ping()) == (None, "")
    assert (DIALECT.silence_s, DIALECT.max_age_s) == (5.0, None)


@pytest.mark.parametrize(
    "line",
    [
        samples.TICKER,
        samples.MATCH,
        samples.LAST_MATCH,
        samples.HEARTBEAT,
        samples.SPACED,
        samples.MATCH[:-1],
    ],
)
def test_what_the_parser_reads_or_refuses_is_kept(line: str) -> None:
    assert hear(line) == KEEP


@pytest.mark.parametrize("line", [samples.SUBSCRIPTIONS, samples.UNKNOWN])
def test_other_messages_are_skipped(line: str) -> None:
    assert hear(line) == SKIP


@pytest.mark.parametrize(
    ("message", "reason", "error"),
    [
        ("Failed to subscribe", "FOO-USD is not a valid product", UnknownAtProviderError),
        ("Failed to subscribe", "Invalid product ID provided", UnknownAtProviderError),
        ("Rate limit exceeded", "", BurstError),
        ("Authentication Failed", "{}", BadKeyError),
        ("Internal error", "", TransientError),
    ],
)
def test_an_error_is_typed(message: str, reason: str, error: type[ConnectorError]) -> None:
    body = json.dumps({"type": "error", "message": message, "reason": reason})
    heard = DIALECT.hear(body.encode())
    assert isinstance(heard.error, error)
    assert not heard.keep
    if error in (UnknownAtProviderError, TransientError):
        assert f"{message}: {reason}" in str(heard.error)
