"""Kraken's stream: two subscriptions, an answer for each pair, heartbeats between."""

import json
import logging

import pytest

from connectors.connector import KEEP, SKIP, Dialect, Heard
from connectors.errors import BurstError, ConnectorError, TransientError, UnknownAtProviderError
from connectors.kraken.dialect import KrakenDialect
from tests.connectors.kraken import samples

DIALECT = KrakenDialect("wss://x/v2", ("BTC/USD", "ETH/USD"))


def hear(line: str) -> Heard:
    return DIALECT.hear(line.split(" ", 1)[1].encode())


def refusal(words: str, symbol: str = "FOO/BAR") -> Heard:
    body = {"method": "subscribe", "success": False, "error": words, "symbol": symbol, "req_id": 1}
    return DIALECT.hear(json.dumps(body).encode())


def test_it_subscribes_to_quotes_at_each_change_and_to_trades() -> None:
    dialect: Dialect = DIALECT
    assert [json.loads(each) for each in dialect.opening()] == [
        {
            "method": "subscribe",
            "params": {
                "channel": "ticker",
                "event_trigger": "bbo",
                "symbol": ["BTC/USD", "ETH/USD"],
                "snapshot": True,
            },
            "req_id": 1,
        },
        {
            "method": "subscribe",
            "params": {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD"], "snapshot": True},
            "req_id": 2,
        },
    ]


def test_it_pings_and_expects_a_heartbeat_a_second() -> None:
    assert json.loads(DIALECT.ping()) == {"method": "ping"}
    assert (DIALECT.ping_s, DIALECT.silence_s, DIALECT.max_age_s) == (30.0, 5.0, None)


@pytest.mark.parametrize(
    "line",
    [samples.TICKER, samples.TRADES, samples.SPACED, samples.HEARTBEAT, samples.TRADES[:-1]],
)
def test_what_the_parser_reads_or_refuses_is_kept(line: str) -> None:
    assert hear(line) == KEEP


@pytest.mark.parametrize("line", [samples.ACK, samples.PONG, samples.CANDLE])
def test_other_messages_are_skipped(line: str) -> None:
    assert hear(line) == SKIP


def test_a_status_is_skipped_though_its_connection_id_fits_no_int64(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert hear(samples.STATUS) == SKIP
        assert caplog.messages == []
        assert hear(samples.STATUS.replace("online", "maintenance")) == SKIP
    assert caplog.messages == ["kraken says that it is in maintenance"]


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (
            "Currency pair not supported FOO/BAR",
            UnknownAtProviderError,
            "kraken: nothing is known of FOO/BAR",
        ),
        ("EAPI:Rate limit exceeded", BurstError, "again in 15 s"),
        ("EService:Unavailable", TransientError, "refuses FOO/BAR: EService:Unavailable"),
    ],
)
def test_a_refused_subscription_is_an_error(
    words: str, error: type[ConnectorError], text: str
) -> None:
    heard = refusal(words)
    assert isinstance(heard.error, error)
    assert text in str(heard.error)
    assert (heard.keep, heard.leave) == (False, False)
