"""Coinbase's trades over REST: the wanted ones become ticks, oldest first; pages go back in time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.answers import Answer
from connectors.coinbase.trades import SPARE_PAGES, parse_trades, trades_request
from connectors.errors import MalformedError
from connectors.parsing import parse
from connectors.trades import Wanted
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import TRADE, Tick
from tests.connectors.coinbase.samples import OLDER, ROW
from tests.connectors.mutating import assert_sensible
from tests.connectors.support import NOW_US, record, us

BTC = CATALOGUE.by_symbol("BTC-USD")


def parsed(payload: str, product: str = "BTC-USD") -> Parsed:
    context = Wanted(product, 86_327_326, 86_327_327).text()
    return parse_trades(record("coinbase", "trades", payload, context), CATALOGUE)


def test_rows_become_trades_oldest_first() -> None:
    older, newer = parsed(f"[{ROW},{OLDER}]").ticks.rows()
    assert older.seq == 86_327_326
    assert newer == Tick(
        us("2020-03-20T00:36:59.860123"),
        BTC.id,
        71,
        TRADE,
        86_327_327,
        price=Decimal("6225.32"),
        size=Decimal("0.06469797"),
    )


def test_trades_beside_the_wanted_are_left_out() -> None:
    other = ROW.replace("86327327", "86327328")
    assert parsed(f"[{other},{ROW}]").ticks.seq.tolist() == [86_327_327]


@pytest.mark.parametrize(
    "row",
    [
        "null",
        "[]",
        ROW.replace("6225.32000000", "0"),
        ROW.replace("0.06469797", "NaN"),
        ROW.replace("2020-03-20T", "2020-02-30T"),
        ROW.replace("86327327", "-1"),
    ],
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(f"[{ROW},{row}]")
    assert len(outcome.ticks) == 1
    assert [each.excerpt for each in outcome.refused] == [row]


def test_what_is_no_page() -> None:
    with pytest.raises(MalformedError):
        parsed('{"message":"NotFound"}')
    with pytest.raises(UnknownSymbolError):
        parsed("[]", "ZZZ-USD")


def page(*ids: int) -> Answer:
    rows = ",".join(ROW.replace("86327327", str(each)) for each in ids)
    return Answer(200, f"[{rows}]".encode(), NOW_US)


def test_pages_go_back_from_the_last_id_to_the_first() -> None:
    ids = range(100, 2_350)
    first = trades_request("http://x", BTC, ids, 0, None)
    assert first is not None
    assert first.url == "http://x/products/BTC-USD/trades"
    assert first.params == {"limit": "1000", "after": "2350"}
    assert first.context == Wanted("BTC-USD", 100, 2_349).text()
    second = trades_request("http://x", BTC, ids, 1, page(2_349, 1_350))
    assert second is not None
    assert second.params == {"limit": "1000", "after": "1350"}
    third = trades_request("http://x", BTC, ids, 2, page(1_349, 350))
    assert third is not None
    assert third.params == {"limit": "250", "after": "350"}
    assert trades_request("http://x", BTC, ids, 3, page(349, 100)) is None


def test_nothing_follows_an_empty_page() -> None:
    assert trades_request("http://x", BTC, range(5, 9), 1, page()) is None


def test_pages_are_bounded() -> None:
    assert trades_request("http://x", BTC, range(5, 9), SPARE_PAGES, page(8)) is not None
    assert trades_request("http://x", BTC, range(5, 9), SPARE_PAGES + 1, page(8)) is None


@given(st.integers(0, 300), st.sampled_from([*'"0,{}:. -xé[]', ""]))
def test_whatever_comes_gives_ticks_or_refusals(at: int, text: str) -> None:
    payload = f"[{ROW},{OLDER}]"
    mutated = payload[:at] + text + payload[at + 1 :]
    context = Wanted("BTC-USD", 0, 2**62).text()
    assert_sensible(parse(record("coinbase", "trades", mutated, context), CATALOGUE))
