"""Coinbase's trades of the past are those of its stream, newest first."""

from typing import Any

import pytest

from connectors.sandbox.coinbase import PRODUCTS
from connectors.sandbox.coinbase_rest import respond
from connectors.sandbox.tape import COINBASE, MINUTE_MS
from connectors.sandbox.wire import World
from market.clock import rfc3339
from tests.connectors.sandbox.conftest import NOW_US, body, get

BITCOIN = PRODUCTS["BTC-USD"]
NOW_MS = NOW_US // 1_000
MINUTE = NOW_MS // MINUTE_MS
TRADES, CANDLES = "products/BTC-USD/trades", "products/BTC-USD/candles"


def rows(world: World, path: str = TRADES, **query: str) -> list[Any]:
    answer = respond(world, get(path, **query))
    assert answer.status == 200
    found: list[Any] = body(answer)
    return found


def test_the_newest_come_first(premium: World) -> None:
    page = rows(premium, limit="3")
    newest = premium.tapes[COINBASE].last_trades(BITCOIN, NOW_MS, 3)
    assert [row["trade_id"] for row in page] == newest.ids.tolist()[::-1]
    assert list(page[0]) == ["time", "trade_id", "price", "size", "side"]
    assert float(page[0]["price"]) == int(newest.price[-1]) / 100
    assert page[0]["side"] == ("buy" if newest.buyer_is_maker[-1] else "sell")


def test_pages_go_back_without_a_hole(premium: World) -> None:
    ids = [row["trade_id"] for row in rows(premium, limit="50")]
    for _ in range(5):
        ids += [row["trade_id"] for row in rows(premium, limit="50", after=str(ids[-1]))]
    assert ids == list(range(ids[0], ids[0] - 300, -1))


def test_before_is_newer(premium: World) -> None:
    newest = int(premium.tapes[COINBASE].last_trades(BITCOIN, NOW_MS, 1).ids[0])
    page = rows(premium, before=str(newest - 3))
    assert [row["trade_id"] for row in page] == [newest, newest - 1, newest - 2]
    assert rows(premium, before=str(newest)) == []


def test_the_cursors_are_headers(premium: World) -> None:
    answer = respond(premium, get(TRADES, limit="5"))
    ids = [row["trade_id"] for row in body(answer)]
    assert answer.headers == {"cb-before": str(ids[0]), "cb-after": str(ids[-1])}


def test_minutes_are_the_sums_of_their_trades_newest_first(premium: World) -> None:
    start, end = (rfc3339((MINUTE - back) * MINUTE_MS * 1_000) for back in (3, 1))
    page = rows(premium, CANDLES, granularity="60", start=start, end=end)
    assert [row[0] for row in page] == [(MINUTE - back) * 60 for back in (1, 2, 3)]
    told = premium.tapes[COINBASE].trades(BITCOIN, MINUTE - 3)
    _, low, high, first, last, volume = page[-1]
    assert (low, high) == (int(told.price.min()) / 100, int(told.price.max()) / 100)
    assert (first, last) == (int(told.price[0]) / 100, int(told.price[-1]) / 100)
    assert volume == pytest.approx(int(told.size.sum()) / 10**8)


def test_the_newest_three_hundred_where_no_time_is_given(premium: World) -> None:
    assert len(rows(premium, CANDLES)) == 300


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("products/X-Y/trades", {}, 404, "NotFound"),
        ("products/BTC-USD/book", {}, 404, "NotFound"),
        ("products", {}, 404, "NotFound"),
        (TRADES, {"after": "x"}, 400, "Invalid after cursor"),
        (TRADES, {"limit": "-1"}, 400, "Invalid limit"),
        (CANDLES, {"granularity": "61"}, 400, "Unsupported granularity"),
        (CANDLES, {"start": "x", "end": "y"}, 400, "Invalid time"),
        (
            CANDLES,
            {"start": "1700000000", "end": "1800000000"},
            400,
            "granularity too small for the requested time range. Count of aggregations "
            "requested exceeds 300",
        ),
    ],
)
def test_errors_are_a_message_under_a_status(
    premium: World, path: str, query: dict[str, str], status: int, message: str
) -> None:
    answer = respond(premium, get(path, **query))
    assert answer.status == status
    assert body(answer) == {"message": message}
