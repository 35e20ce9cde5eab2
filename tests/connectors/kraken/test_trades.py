"""Kraken's trades over REST: the wanted ones become ticks, and pages follow each other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.answers import Answer
from connectors.errors import MalformedError, TransientError
from connectors.kraken.trades import MARGIN_US, SPARE_PAGES, parse_trades, trades_request
from connectors.parsing import parse
from connectors.trades import Wanted
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import TRADE, Tick
from tests.connectors.gaps import trade_gap
from tests.connectors.kraken.samples import FIRST, SECOND, page
from tests.connectors.mutating import assert_sensible
from tests.connectors.support import NOW_US, record

BTC = CATALOGUE.by_symbol("BTC-USD")
GAP = trade_gap("kraken", "BTC-USD", 10_218_208, 10_218_209)
IDS = range(10_218_208, 10_218_210)


def parsed(payload: str, symbol: str = "BTC/USD") -> Parsed:
    context = Wanted(symbol, IDS[0], IDS[-1]).text()
    return parse_trades(record("kraken", "trades", payload, context), CATALOGUE)


@pytest.mark.parametrize("key", ["XXBTZUSD", "XBTUSD"])
def test_rows_under_whatever_key_become_trades(key: str) -> None:
    first, second = parsed(page(FIRST, SECOND, key=key)).ticks.rows()
    assert first == Tick(
        1_762_795_433_971_744,
        BTC.id,
        61,
        TRADE,
        10_218_208,
        price=Decimal("105433.6"),
        size=Decimal("0.00027625"),
    )
    assert second.seq == 10_218_209


def test_trades_beside_the_wanted_are_left_out() -> None:
    other = FIRST.replace("10218208", "10218210")
    assert parsed(page(FIRST, other)).ticks.seq.tolist() == [10_218_208]


@pytest.mark.parametrize(
    "row",
    [
        "null",
        "[]",
        FIRST.replace("105433.60000", "0"),
        FIRST.replace("0.00027625", "NaN"),
        FIRST.replace("1762795433.9717445", "null"),
        FIRST.replace("1762795433.9717445", "-1.5"),
        FIRST.replace("10218208", "-1"),
        FIRST.replace(",10218208", ""),
    ],
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(page(SECOND, row))
    assert outcome.ticks.seq.tolist() == [10_218_209]
    assert [each.excerpt for each in outcome.refused] == [row]


def test_what_is_no_page() -> None:
    with pytest.raises(MalformedError):
        parsed('{"error":[],"result":{"last":"1"}}')
    with pytest.raises(UnknownSymbolError):
        parsed(page(), "ZZZ/USD")


def test_rows_beside_an_error_are_none() -> None:
    payload = page(FIRST).replace('"error":[]', '"error":["EService:Unavailable"]')
    with pytest.raises(TransientError):
        parsed(payload)
    warned = page(FIRST).replace('"error":[]', '"error":["WGeneral:deprecated"]')
    assert len(parsed(warned).ticks) == 1


def test_the_first_page_begins_before_the_gap() -> None:
    request = trades_request("http://x", BTC, GAP, IDS, 0, None)
    assert request is not None
    assert request.url == "http://x/0/public/Trades"
    assert request.params == {"pair": "XBTUSD", "since": str((GAP.start_us - MARGIN_US) * 1_000)}
    assert request.context == Wanted("BTC/USD", 10_218_208, 10_218_209).text()


def test_the_next_page_begins_where_the_last_one_says() -> None:
    last = Answer(200, page(FIRST).encode(), NOW_US)
    request = trades_request("http://x", BTC, GAP, IDS, 1, last)
    assert request is not None
    assert request.params["since"] == "1762795457846737412"


@pytest.mark.parametrize(
    "body", [page(FIRST, SECOND), page(), "<html>", '{"error":["EGeneral:x"]}']
)
def test_no_page_follows_the_last_trade_or_nothing(body: str) -> None:
    last = Answer(200, body.encode(), NOW_US)
    assert trades_request("http://x", BTC, GAP, IDS, 1, last) is None


def test_pages_are_bounded() -> None:
    last = Answer(200, page(FIRST).encode(), NOW_US)
    assert trades_request("http://x", BTC, GAP, IDS, SPARE_PAGES, last) is not None
    assert trades_request("http://x", BTC, GAP, IDS, SPARE_PAGES + 1, last) is None


@given(st.integers(0, 200), st.sampled_from([*'"0,{}:. -xé[]', ""]))
def test_whatever_comes_gives_ticks_or_refusals(at: int, text: str) -> None:
    payload = page(FIRST, SECOND)
    mutated = payload[:at] + text + payload[at + 1 :]
    context = Wanted("BTC/USD", 0, 2**62).text()
    assert_sensible(parse(record("kraken", "trades", mutated, context), CATALOGUE))
