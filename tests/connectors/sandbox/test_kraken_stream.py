"""Kraken's stream as a session: status, answers for each symbol, snapshots, heartbeats."""

import json
from typing import Any

import pytest

from connectors.kraken.dialect import KrakenDialect
from connectors.sandbox.kraken import PAIRS
from connectors.sandbox.kraken_stream import GOING_AWAY, IDLE_US, REPLAYED_TRADES, session
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.tape import KRAKEN, MINUTE_MS
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, get

BITCOIN, ETHER = PAIRS["BTC/USD"], PAIRS["ETH/USD"]
MINUTE = NOW_US // 1_000 // MINUTE_MS
SECOND_US = 1_000_000


@pytest.fixture
def standing(premium: World) -> Session:
    fresh = session(premium, get("v2"))
    fresh.opened(NOW_US)
    return fresh


def ask(standing: Session, /, method: str = "subscribe", **params: object) -> list[Any]:
    message = json.dumps({"method": method, "params": params, "req_id": 3})
    return [json.loads(frame) for frame in standing.received(message, NOW_US)]


def test_it_begins_with_a_status_whose_connection_id_fits_no_int64(premium: World) -> None:
    (status,) = session(premium, get("v2")).opened(NOW_US)
    data = json.loads(status)["data"][0]
    assert data["system"] == "online"
    assert data["connection_id"] > 2**63


def test_each_symbol_has_an_answer_and_a_snapshot(standing: Session) -> None:
    frames = ask(
        standing, channel="ticker", symbol=["BTC/USD", "FOO/BAR", "ETH/USD"], event_trigger="bbo"
    )
    answers = [each for each in frames if "method" in each]
    assert [each["success"] for each in answers] == [True, False, True]
    assert answers[0]["result"] == {
        "channel": "ticker",
        "symbol": "BTC/USD",
        "snapshot": True,
        "event_trigger": "bbo",
    }
    assert answers[1]["error"] == "Currency pair not supported FOO/BAR"
    assert {each["req_id"] for each in answers} == {3}
    snapshots = [each for each in frames if "channel" in each]
    assert [(each["type"], each["data"][0]["symbol"]) for each in snapshots] == [
        ("snapshot", "BTC/USD"),
        ("snapshot", "ETH/USD"),
    ]


def test_a_subscription_to_trades_replays_the_last_fifty(standing: Session, premium: World) -> None:
    newest = premium.tapes[KRAKEN].last_trades(BITCOIN, NOW_US // 1_000, REPLAYED_TRADES)
    _, snapshot = ask(standing, channel="trade", symbol=["BTC/USD"], snapshot=True)
    assert [each["trade_id"] for each in snapshot["data"]] == newest.ids.tolist()
    ask(standing, "unsubscribe", channel="trade", symbol=["BTC/USD"])
    _, again = ask(standing, channel="trade", symbol=["BTC/USD"], snapshot=True)
    assert again == snapshot


def test_trades_replay_nothing_unless_asked(standing: Session) -> None:
    assert len(ask(standing, channel="trade", symbol=["BTC/USD"])) == 1


def test_trades_come_together_with_the_takers_side(standing: Session, premium: World) -> None:
    ask(standing, channel="trade", symbol=["BTC/USD"])
    trades = premium.tapes[KRAKEN].trades(BITCOIN, MINUTE)
    (frame,) = standing.traded(BITCOIN, trades, NOW_US)
    data = json.loads(frame)["data"]
    assert [each["trade_id"] for each in data] == trades.ids.tolist()
    sides = ["sell" if maker else "buy" for maker in trades.buyer_is_maker.tolist()]
    assert [each["side"] for each in data] == sides
    assert standing.traded(ETHER, trades, NOW_US) == []


@pytest.mark.parametrize(("trigger", "quotes", "trades"), [("bbo", 3, 0), (None, 0, 1)])
def test_what_makes_a_ticker(
    standing: Session, premium: World, trigger: str | None, quotes: int, trades: int
) -> None:
    params = {"event_trigger": trigger} if trigger else {}
    ask(standing, channel="ticker", symbol=["BTC/USD"], **params)
    tape = premium.tapes[KRAKEN]
    of_quotes = standing.quoted(BITCOIN, tape.quotes(BITCOIN, MINUTE).rows(slice(0, 3)), NOW_US)
    of_trades = standing.traded(BITCOIN, tape.trades(BITCOIN, MINUTE).rows(slice(0, 3)), NOW_US)
    assert (len(of_quotes), len(of_trades)) == (quotes, trades)
    assert {json.loads(each)["type"] for each in (*of_quotes, *of_trades)} == {"update"}


def test_a_heartbeat_comes_when_nothing_else_did_for_a_second(
    standing: Session, premium: World
) -> None:
    assert standing.passed(NOW_US + 2 * SECOND_US) == []  # nothing is subscribed
    ask(standing, channel="trade", symbol=["BTC/USD"])
    assert standing.passed(NOW_US + SECOND_US - 1) == []
    assert standing.passed(NOW_US + SECOND_US) == ['{"channel":"heartbeat"}']
    trades = premium.tapes[KRAKEN].trades(BITCOIN, MINUTE).rows(slice(0, 1))
    standing.traded(BITCOIN, trades, NOW_US + SECOND_US + 500_000)
    assert standing.passed(NOW_US + 2 * SECOND_US) == []
    assert len(standing.passed(NOW_US + 3 * SECOND_US)) == 1


def test_who_wants_nothing_for_a_minute_is_cut(standing: Session) -> None:
    standing.passed(NOW_US + IDLE_US)
    with pytest.raises(Cut) as cut:
        standing.passed(NOW_US + IDLE_US + 1)
    assert cut.value.code == GOING_AWAY


def test_a_ping_is_answered(standing: Session) -> None:
    (pong,) = standing.received('{"method":"ping","req_id":42}', NOW_US)
    assert json.loads(pong)["method"] == "pong"
    assert json.loads(pong)["req_id"] == 42
    assert "success" not in json.loads(pong)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("{", "Malformed request"),
        ("[]", "Malformed request"),
        ('{"method":"explode"}', "Unsupported method"),
        ('{"method":"subscribe"}', "Channel not supported"),
        ('{"method":"subscribe","params":{"channel":"ticker"}}', "Symbol(s) missing"),
        (
            '{"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/USD"]}}',
            "Subscription not found",
        ),
    ],
)
def test_what_it_does_not_understand_it_says(standing: Session, message: str, error: str) -> None:
    (answer,) = standing.received(message, NOW_US)
    assert json.loads(answer)["error"] == error
    assert json.loads(answer)["success"] is False


def test_a_second_subscription_is_refused(standing: Session) -> None:
    ask(standing, channel="ticker", symbol=["BTC/USD"])
    (answer,) = ask(standing, channel="ticker", symbol=["BTC/USD"])
    assert answer["error"].startswith("Already subscribed")


def test_after_the_end_of_a_subscription_nothing_comes(standing: Session, premium: World) -> None:
    for channel in ("ticker", "trade"):
        ask(standing, channel=channel, symbol=["BTC/USD"])
        (answer,) = ask(standing, "unsubscribe", channel=channel, symbol=["BTC/USD"])
        assert answer["success"]
    tape = premium.tapes[KRAKEN]
    assert standing.traded(BITCOIN, tape.trades(BITCOIN, MINUTE), NOW_US) == []
    assert standing.quoted(BITCOIN, tape.quotes(BITCOIN, MINUTE), NOW_US) == []
    assert standing.ending(NOW_US) == []


def test_our_dialect_is_understood(standing: Session) -> None:
    dialect = KrakenDialect("", tuple(PAIRS))
    frames = [frame for each in dialect.opening() for frame in standing.received(each, NOW_US)]
    frames += standing.received(dialect.ping(), NOW_US)
    heard = [dialect.hear(frame.encode()) for frame in frames]
    assert [each.error for each in heard] == [None] * len(heard)
    assert sum(each.keep for each in heard) == 2 * len(PAIRS)
