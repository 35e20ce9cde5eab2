"""The dialects of played recordings."""

import json
from typing import Any

import pytest

from connectors.sandbox.played_sessions import PLAYED_SESSIONS, PlayedSession
from tests.connectors.sandbox.conftest import NOW_US, get

TRADE = '{"stream":"btcusdt@trade","data":{"e":"trade","p":"1.50"}}'
QUOTE = '{"stream":"btcusdt@bookTicker","data":{"u":7}}'
DEPTH = '{"lastUpdateId":5,"bids":[]}'


def binance(path: str, **query: str) -> PlayedSession:
    return PLAYED_SESSIONS["binance"](get(path, NOW_US, **query))


def say(session: PlayedSession, message: Any) -> list[Any]:
    return [json.loads(reply) for reply in session.received(json.dumps(message), NOW_US)]


class TestBinance:
    def test_the_streams_that_were_asked_for_come_with_their_own_text(self) -> None:
        session = binance("stream", streams="btcusdt@trade/ethusdt@trade")
        assert session.played([DEPTH, TRADE, QUOTE]) == [TRADE]

    def test_below_ws_they_are_bare(self) -> None:
        session = binance("ws/btcusdt@bookTicker")
        assert session.played([DEPTH, TRADE, QUOTE]) == ['{"u":7}']

    def test_control_messages(self) -> None:
        session = binance("ws")
        assert session.played([TRADE]) == []
        request = {"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1}
        assert say(session, request) == [{"result": None, "id": 1}]
        listed = {"result": ["btcusdt@trade"], "id": 2}
        assert say(session, {"method": "LIST_SUBSCRIPTIONS", "id": 2}) == [listed]
        assert session.played([TRADE]) == ['{"e":"trade","p":"1.50"}']
        say(session, {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 3})
        assert session.played([TRADE]) == []

    def test_the_end_is_announced(self) -> None:
        (frame,) = binance("stream").ending(NOW_US)
        assert json.loads(frame)["data"]["e"] == "serverShutdown"


@pytest.mark.parametrize(
    ("provider", "path", "greetings", "request_", "replies"),
    [
        ("kraken", "v2", 1,
         {"method": "subscribe", "params": {"channel": "trade", "symbol": ["A/B", "C/D"]}}, 2),
        ("coinbase", "", 0,
         {"type": "subscribe", "product_ids": ["A-B"], "channels": ["matches"]}, 1),
        ("coingecko", "v1", 2, {"command": "message", "identifier": "{}", "data": "{}"}, 1),
    ],
)  # fmt: skip
def test_everything_comes_after_the_subscription(
    provider: str, path: str, greetings: int, request_: dict[str, object], replies: int
) -> None:
    session = PLAYED_SESSIONS[provider](get(path))
    assert len(session.opened(NOW_US)) == greetings
    assert session.played(["a"]) == []
    assert len(say(session, request_)) == replies
    assert session.played(["a", "b"]) == ["a", "b"]


def test_answers_are_the_providers() -> None:
    kraken = PLAYED_SESSIONS["kraken"](get("v2"))
    assert say(kraken, {"method": "ping", "req_id": 4}) == [{"method": "pong", "req_id": 4}]
    assert json.loads(kraken.ending(NOW_US)[0])["data"][0]["system"] == "maintenance"
    coinbase = PLAYED_SESSIONS["coinbase"](get(""))
    channels = [{"name": "matches", "product_ids": ["A-B"]}]
    request = {"type": "subscribe", "product_ids": ["A-B"], "channels": ["matches"]}
    assert say(coinbase, request) == [{"type": "subscriptions", "channels": channels}]
    coingecko = PLAYED_SESSIONS["coingecko"](get("v1"))
    confirmed = {"type": "confirm_subscription", "identifier": "{}"}
    assert say(coingecko, {"command": "subscribe", "identifier": "{}"}) == [confirmed]


@pytest.mark.parametrize("provider", PLAYED_SESSIONS)
@pytest.mark.parametrize(
    "message",
    [
        "",
        "[" * 100_000,
        "5",
        "{}",
        '{"method":"SUBSCRIBE","params":5}',
        '{"method":"subscribe","params":{"channel":1,"symbol":5}}',
        '{"method":"subscribe","params":[]}',
        '{"type":"subscribe","product_ids":5,"channels":5}',
    ],
)
def test_nonsense_ends_nothing(provider: str, message: str) -> None:
    session = PLAYED_SESSIONS[provider](get("ws"))
    session.received(message, NOW_US)
    assert session.passed(NOW_US) == []
