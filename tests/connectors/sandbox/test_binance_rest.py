"""Binance's trades of the past are those of its stream."""

import json
from typing import Any

import pytest

from connectors.sandbox.binance import trade_frames
from connectors.sandbox.binance_rest import respond
from connectors.sandbox.tape import MINUTE_MS, PAIRS
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, body, get

BITCOIN = PAIRS[0]
MINUTE = NOW_US // 1_000 // MINUTE_MS
PATH = "api/v3/historicalTrades"


def rows(world: World, **query: str) -> list[dict[str, Any]]:
    answer = respond(world, get(PATH, symbol="BTCUSDT", **query))
    assert answer.status == 200
    assert answer.headers == {"x-mbx-used-weight-1m": "25"}
    found: list[dict[str, Any]] = body(answer)
    return found


def test_trades_from_an_id_on_equal_the_streams(premium: World) -> None:
    told = premium.tape.trades(BITCOIN, MINUTE - 1)
    frames = [json.loads(frame.bare) for frame in trade_frames(BITCOIN, told)]
    page = rows(premium, fromId=str(told.ids[0]), limit=str(len(frames)))
    assert [(r["id"], r["price"], r["qty"], r["time"], r["isBuyerMaker"]) for r in page] == [
        (f["t"], f["p"], f["q"], f["T"], f["m"]) for f in frames
    ]


def test_the_newest_where_no_id_is_given(premium: World) -> None:
    newest = premium.tape.last_trades(BITCOIN, NOW_US // 1_000, 500)
    assert [row["id"] for row in rows(premium)] == newest.ids.tolist()


def test_limits(premium: World) -> None:
    first = str(premium.tape.trades(BITCOIN, MINUTE - 60).ids[0])
    assert len(rows(premium, fromId=first)) == 500
    assert len(rows(premium, fromId=first, limit="5000")) == 1_000
    assert rows(premium, fromId="99999999999999") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, -1102),
        ({"symbol": "NOPE"}, -1121),
        ({"symbol": "BTCUSDT", "fromId": "-1"}, -1100),
        ({"symbol": "BTCUSDT", "limit": "x"}, -1100),
    ],
)
def test_errors_are_400_with_a_code(premium: World, query: dict[str, str], code: int) -> None:
    answer = respond(premium, get(PATH, **query))
    assert answer.status == 400
    assert body(answer)["code"] == code


def test_klines_are_there_and_nothing_else(premium: World) -> None:
    query = {"symbol": "BTCUSDT", "interval": "1m", "limit": "2"}
    assert len(body(respond(premium, get("api/v3/klines", **query)))) == 2
    assert respond(premium, get("api/v3/depth", **query)).status == 404
