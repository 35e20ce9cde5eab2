"""Binance's stream as a session."""

import json

import pytest

from connectors.sandbox.binance_stream import POLICY, session
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import MINUTE_MS, PAIRS
from connectors.sandbox.wire import Request, World
from tests.connectors.sandbox.conftest import NOW_US

BITCOIN = PAIRS[0]
MINUTE = NOW_US // 1_000 // MINUTE_MS
BOTH = "btcusdt@trade/btcusdt@bookTicker"


def opened(world: World, path: str, streams: str = "") -> Session:
    query = {"streams": streams} if streams else {}
    standing = session(world, Request(path, query, {}, NOW_US))
    assert standing.opened(NOW_US) == []
    return standing


@pytest.mark.parametrize(
    ("path", "streams", "combined"),
    [("stream", BOTH, True), (f"ws/{BOTH}", "", False)],
)
def test_streams_of_the_address(premium: World, path: str, streams: str, *, combined: bool) -> None:
    standing = opened(premium, path, streams)
    trades = premium.tape.trades(BITCOIN, MINUTE).rows(slice(0, 2))
    quotes = premium.tape.quotes(BITCOIN, MINUTE).rows(slice(0, 2))
    frames = [json.loads(each) for each in standing.traded(BITCOIN, trades, NOW_US)]
    frames += [json.loads(each) for each in standing.quoted(BITCOIN, quotes, NOW_US)]
    assert [("stream" in frame) for frame in frames] == [combined] * 4
    data = [frame["data"] if combined else frame for frame in frames]
    assert [each["t"] for each in data[:2]] == trades.ids.tolist()
    assert [each["u"] for each in data[2:]] == quotes.ids.tolist()
    assert all("E" not in each for each in data[2:])


def test_what_was_not_asked_for_is_not_sent(premium: World) -> None:
    standing = opened(premium, "ws")
    trades = premium.tape.trades(BITCOIN, MINUTE)
    quotes = premium.tape.quotes(BITCOIN, MINUTE)
    assert standing.traded(BITCOIN, trades, NOW_US) == []
    assert standing.quoted(BITCOIN, quotes, NOW_US) == []
    assert standing.passed(NOW_US + 10**9) == []


def test_a_subscription_by_message_is_acknowledged(premium: World) -> None:
    standing = opened(premium, "ws")
    message = '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":7}'
    assert standing.received(message, NOW_US) == ['{"result":null,"id":7}']
    trades = premium.tape.trades(BITCOIN, MINUTE).rows(slice(0, 1))
    assert len(standing.traded(BITCOIN, trades, NOW_US)) == 1


def test_six_messages_in_a_second_end_the_connection(premium: World) -> None:
    standing = opened(premium, "ws")
    message = '{"method":"LIST_SUBSCRIPTIONS","id":1}'
    for number in range(5):
        standing.received(message, NOW_US + number)
    with pytest.raises(Cut) as cut:
        standing.received(message, NOW_US + 999_999)
    assert cut.value.code == POLICY


def test_five_messages_a_second_are_borne(premium: World) -> None:
    standing = opened(premium, "ws")
    for number in range(20):
        standing.received('{"method":"LIST_SUBSCRIPTIONS","id":1}', NOW_US + number * 200_000)


def test_an_end_is_announced(premium: World) -> None:
    (frame,) = opened(premium, "stream", BOTH).ending(NOW_US)
    assert json.loads(frame)["data"]["e"] == "serverShutdown"
