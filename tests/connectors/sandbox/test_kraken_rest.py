"""Kraken's trades of the past are those of its stream, page after page."""

import json
from typing import Any

import pytest

from connectors.answers import Answer as Received
from connectors.kraken.checks import check
from connectors.sandbox.kraken import PAIRS, UPDATE, trade_message
from connectors.sandbox.kraken_rest import respond
from connectors.sandbox.tape import KRAKEN, MINUTE_MS
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, body, get

BITCOIN = PAIRS["BTC/USD"]
NOW_MS = NOW_US // 1_000
MINUTE = NOW_MS // MINUTE_MS
TRADES, OHLC = "0/public/Trades", "0/public/OHLC"


def asked(world: World, path: str = TRADES, **query: str) -> dict[str, Any]:
    answer = respond(world, get(path, **query))
    check(Received(answer.status, answer.body, NOW_US), path)
    result: dict[str, Any] = body(answer)["result"]
    return result


def test_trades_equal_the_streams(premium: World) -> None:
    told = premium.tapes[KRAKEN].trades(BITCOIN, MINUTE - 1)
    streamed = json.loads(trade_message(BITCOIN, told, UPDATE))["data"]
    result = asked(premium, pair="XBTUSD", since=str((MINUTE - 1) * MINUTE_MS * 10**6))
    rows = result["XXBTZUSD"][: len(streamed)]
    assert [row[6] for row in rows] == [each["trade_id"] for each in streamed]
    assert [float(row[0]) for row in rows] == [each["price"] for each in streamed]
    assert [row[3] for row in rows] == [each["side"][0] for each in streamed]
    assert [f"{row[2]:.6f}"[-6:] + "Z" for row in rows] == [
        each["timestamp"][-7:] for each in streamed
    ]


def test_pages_follow_each_other_without_a_hole(premium: World) -> None:
    since, ids = str((NOW_MS - 40 * MINUTE_MS) * 10**6), []
    while True:
        result = asked(premium, pair="ETHUSD", since=since, count="100")
        rows = result["XETHZUSD"]
        if not rows:
            break
        ids += [row[6] for row in rows]
        since = result["last"]
    assert ids == list(range(ids[0], ids[-1] + 1))
    newest = premium.tapes[KRAKEN].last_trades(PAIRS["ETH/USD"], NOW_MS, 1)
    assert ids[-1] == int(newest.ids[0])


def test_the_newest_where_no_instant_is_given(premium: World) -> None:
    rows = asked(premium, pair="DOTUSD", count="7")["DOTUSD"]
    newest = premium.tapes[KRAKEN].last_trades(PAIRS["DOT/USD"], NOW_MS, 7)
    assert [row[6] for row in rows] == newest.ids.tolist()


@pytest.mark.parametrize("name", ["XBTUSD", "XXBTZUSD", "BTCUSD"])
def test_a_pair_has_more_than_one_name(premium: World, name: str) -> None:
    assert len(asked(premium, pair=name)["XXBTZUSD"]) > 0


def test_minutes_are_the_sums_of_their_trades(premium: World) -> None:
    since = str((MINUTE - 3) * 60 - 1)
    result = asked(premium, OHLC, pair="XBTUSD", interval="1", since=since)
    rows = result["XXBTZUSD"]
    assert [row[0] for row in rows] == [(MINUTE - back) * 60 for back in (3, 2, 1, 0)]
    told = premium.tapes[KRAKEN].trades(BITCOIN, MINUTE - 3)
    assert float(rows[0][1]) == int(told.price[0]) / 100
    assert float(rows[0][6]) == pytest.approx(int(told.size.sum()) / 10**8)
    assert rows[0][7] == len(told.ids)
    assert result["last"] == rows[-2][0]


def test_no_more_than_720_minutes_come(premium: World) -> None:
    assert len(asked(premium, OHLC, pair="PEPEUSD", since="0")["PEPEUSD"]) == 720


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        (TRADES, {"pair": "FOOBAR"}, "EQuery:Unknown asset pair"),
        (TRADES, {}, "EQuery:Unknown asset pair"),
        (TRADES, {"pair": "XBTUSD", "since": "x"}, "EGeneral:Invalid arguments"),
        (OHLC, {"pair": "FOOBAR"}, "EQuery:Unknown asset pair"),
        (OHLC, {"pair": "XBTUSD", "interval": "5"}, "EGeneral:Invalid arguments"),
        ("0/public/Depth", {}, "EGeneral:Unknown method"),
    ],
)
def test_errors_are_a_list_under_http_200(
    premium: World, path: str, query: dict[str, str], error: str
) -> None:
    answer = respond(premium, get(path, **query))
    assert answer.status == 200
    assert body(answer) == {"error": [error]}
