"""Coinbase's stream as a session: a deadline, the last trade again, heartbeats, errors."""

import json
from typing import Any

import pytest

from connectors.coinbase.dialect import CoinbaseDialect
from connectors.sandbox.coinbase import PRODUCTS
from connectors.sandbox.coinbase_stream import BEHIND_US, DEADLINE_US, POLICY, session
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import COINBASE, MINUTE_MS
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, get

BITCOIN = PRODUCTS["BTC-USD"]
MINUTE = NOW_US // 1_000 // MINUTE_MS
ALL = ["ticker", "matches", "heartbeat"]


@pytest.fixture
def standing(premium: World) -> Session:
    fresh = session(premium, get(""))
    assert fresh.opened(NOW_US) == []
    return fresh


def ask(standing: Session, /, **fields: object) -> list[Any]:
    message = json.dumps({"type": "subscribe", **fields})
    return [json.loads(frame) for frame in standing.received(message, NOW_US)]


def test_who_does_not_subscribe_within_five_seconds_is_cut(standing: Session) -> None:
    standing.received('{"type":"subscribe","channels":[]}', NOW_US)  # an error is no subscription
    standing.passed(NOW_US + DEADLINE_US)
    with pytest.raises(Cut) as cut:
        standing.passed(NOW_US + DEADLINE_US + 1)
    assert cut.value.code == POLICY


def test_who_does_may_stay(standing: Session) -> None:
    ask(standing, product_ids=["BTC-USD"], channels=["matches"])
    assert standing.passed(NOW_US + 100 * DEADLINE_US) == []


def test_a_subscription_is_answered_and_the_last_trade_comes_again(
    standing: Session, premium: World
) -> None:
    answer, ticker, match = ask(standing, product_ids=["BTC-USD"], channels=ALL)
    assert answer == {
        "type": "subscriptions",
        "channels": [{"name": channel, "product_ids": ["BTC-USD"]} for channel in ALL],
    }
    newest = premium.tapes[COINBASE].last_trades(BITCOIN, NOW_US // 1_000, 1)
    assert (match["type"], match["trade_id"]) == ("last_match", int(newest.ids[0]))
    assert (ticker["type"], ticker["trade_id"]) == ("ticker", int(newest.ids[0]))


def test_subscriptions_add_up_and_end(standing: Session) -> None:
    ask(standing, product_ids=["BTC-USD"], channels=["matches"])
    answer = ask(standing, channels=[{"name": "matches", "product_ids": ["ETH-USD"]}])[0]
    assert answer["channels"] == [{"name": "matches", "product_ids": ["BTC-USD", "ETH-USD"]}]
    (answer,) = ask(standing, type="unsubscribe", product_ids=["BTC-USD"], channels=["matches"])
    assert answer["channels"] == [{"name": "matches", "product_ids": ["ETH-USD"]}]


def test_a_trade_is_a_match_and_a_ticker_with_the_newest_quote(
    standing: Session, premium: World
) -> None:
    ask(standing, product_ids=["BTC-USD"], channels=ALL)
    quotes = premium.tapes[COINBASE].quotes(BITCOIN, MINUTE).rows(slice(0, 3))
    trades = premium.tapes[COINBASE].trades(BITCOIN, MINUTE).rows(slice(0, 2))
    assert standing.quoted(BITCOIN, quotes, NOW_US) == []
    frames = [json.loads(each) for each in standing.traded(BITCOIN, trades, NOW_US)]
    assert [each["type"] for each in frames] == ["match", "ticker"] * 2
    assert [each["trade_id"] for each in frames[::2]] == trades.ids.tolist()
    assert float(frames[1]["best_bid"]) == int(quotes.bid[-1]) / 100
    assert standing.traded(PRODUCTS["ETH-USD"], trades, NOW_US) == []


def test_a_heartbeat_a_second_names_a_trade_that_was_told(
    standing: Session, premium: World
) -> None:
    ask(standing, product_ids=["BTC-USD", "ETH-USD"], channels=["heartbeat"])
    beats = [json.loads(each) for each in standing.passed(NOW_US)]
    assert [each["product_id"] for each in beats] == ["BTC-USD", "ETH-USD"]
    end_ms = (NOW_US - BEHIND_US) // 1_000
    told = premium.tapes[COINBASE].last_trades(BITCOIN, end_ms, 1)
    assert beats[0]["last_trade_id"] == int(told.ids[0])
    assert standing.passed(NOW_US + 999_999) == []
    assert len(standing.passed(NOW_US + 1_000_000)) == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"product_ids": ["BTC-USD"], "channels": []}, "No channels provided"),
        ({"product_ids": ["BTC-USD"], "channels": ["nope"]}, "nope is not a valid channel"),
        ({"product_ids": ["BTC-USD", "X-Y"], "channels": ALL}, "X-Y is not a valid product"),
        (
            {"channels": ["ticker"]},
            "You need to specify at least one product ID for channel ticker",
        ),
    ],
)
def test_a_bad_subscription_is_refused_as_a_whole(
    standing: Session, premium: World, fields: dict[str, object], reason: str
) -> None:
    (error,) = ask(standing, **fields)
    assert error == {"type": "error", "message": "Failed to subscribe", "reason": reason}
    trades = premium.tapes[COINBASE].trades(BITCOIN, MINUTE)
    assert standing.traded(BITCOIN, trades, NOW_US) == []


@pytest.mark.parametrize("message", ["{", "[]", '{"type":"explode"}'])
def test_what_it_does_not_understand_is_an_error(standing: Session, message: str) -> None:
    (error,) = standing.received(message, NOW_US)
    assert json.loads(error)["type"] == "error"
    assert standing.ending(NOW_US) == []


def test_our_dialect_is_understood(standing: Session) -> None:
    dialect = CoinbaseDialect("", tuple(PRODUCTS))
    frames = [frame for each in dialect.opening() for frame in standing.received(each, NOW_US)]
    frames += standing.passed(NOW_US)
    heard = [dialect.hear(frame.encode()) for frame in frames]
    assert [each.error for each in heard] == [None] * len(heard)
    assert sum(each.keep for each in heard) == 3 * len(PRODUCTS)
