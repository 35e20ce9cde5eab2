"""coins/markets in the sandbox: the recorded fields, pages, orders and nulls."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox.coingecko_coins import COINS
from connectors.sandbox.wire import Answer, World
from tests.connectors.sandbox.coingecko_worlds import USD, ask
from tests.connectors.sandbox.conftest import body


def markets(world: World, **query: str) -> Answer:
    return ask(world, "coins/markets", {**USD, **query})


def ids(world: World, **query: str) -> list[str]:
    return [row["id"] for row in body(markets(world, **query))]


def test_a_row_has_the_recorded_fields(premium: World, recorded: Callable[[str], Any]) -> None:
    (theirs,) = recorded("coingecko_jkorf/GetMarkets.txt")
    (ours,) = body(markets(premium, ids="bitcoin"))
    assert set(theirs) - set(ours) == {
        f"at{end}{field}" for end in "hl" for field in ("", "_change_percentage", "_date")
    }
    assert ours["last_updated"] == "2026-11-24T15:04:04.000Z"
    assert ours["low_24h"] <= ours["high_24h"]
    assert ours["roi"] is None


def test_changes_are_shown_when_asked_for(premium: World) -> None:
    (row,) = body(markets(premium, ids="pepe", price_change_percentage="1h,7d"))
    assert {name for name in row if name.endswith("_in_currency")} == {
        "price_change_percentage_1h_in_currency",
        "price_change_percentage_7d_in_currency",
    }


def test_a_dead_coin_has_no_numbers(premium: World) -> None:
    (row,) = body(markets(premium, ids="bitconnect"))
    assert row["current_price"] is row["market_cap_rank"] is row["max_supply"] is None
    assert row["last_updated"] == "2018-09-03T00:00:00.000Z"


def test_the_largest_come_first_unless_asked_otherwise(premium: World) -> None:
    rows = body(markets(premium))
    assert [row["market_cap_rank"] for row in rows] == [*range(1, len(COINS) + 1), None]
    assert (rows[0]["id"], rows[-1]["id"]) == ("bitcoin", "bitconnect")
    assert ids(premium, order="market_cap_asc") == ids(premium)[::-1]
    assert ids(premium, order="id_asc") == sorted([*COINS, "bitconnect"])
    assert ids(premium, order="id_desc") == sorted([*COINS, "bitconnect"], reverse=True)


def test_pages_end_in_an_empty_one(premium: World) -> None:
    pages = [ids(premium, per_page="7", page=str(page)) for page in range(1, 5)]
    assert [len(page) for page in pages] == [7, 7, 4, 0]
    assert [coin for page in pages for coin in page] == ids(premium)


def test_bad_parameters(premium: World) -> None:
    assert markets(premium, vs_currency="").status == 422
    assert markets(premium, vs_currency="usdt").status == 400
    for query in ({"per_page": "251"}, {"per_page": "x"}, {"page": "0"}, {"order": "x"}):
        assert markets(premium, **query).status == 422
