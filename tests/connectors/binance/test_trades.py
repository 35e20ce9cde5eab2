"""Trades asked for by their ids are the stream's to the key, a thousand a call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.binance.frames import parse_frames
from connectors.binance.trades import (
    EXCHANGE_URL,
    MARKET_DATA_URL,
    parse_trades,
    trades_request,
)
from connectors.errors import MalformedError
from connectors.parsing import parse
from connectors.trades import Wanted
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors.binance import samples
from tests.connectors.binance.samples import ROW
from tests.connectors.mutating import assert_sensible
from tests.connectors.support import record

BTC = CATALOGUE.by_symbol("BTC-USDT")


def parsed(payload: str, symbol: str = "BTCUSDT") -> Parsed:
    context = Wanted(symbol, 3735683259, 3735683259).text()
    return parse_trades(record("binance", "trades", payload, context), CATALOGUE)


def test_a_trade_equals_the_streams() -> None:
    streamed = parse_frames(record("binance", "frames", samples.TRADE), CATALOGUE)
    assert parsed(f"[{ROW}]").ticks.to_bytes() == streamed.ticks.to_bytes()


def test_trades_beside_the_wanted_are_left_out() -> None:
    other = ROW.replace("3735683259", "3735683260")
    assert parsed(f"[{ROW},{other}]").ticks.seq.tolist() == [3735683259]


@pytest.mark.parametrize(
    "row",
    [
        "null",
        "[]",
        ROW.replace("61837.63000000", "0"),
        ROW.replace("0.02000000", "-1"),
        ROW.replace("1723161255342", "0"),
        ROW.replace("3735683259", "true"),
    ],
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(f"[{ROW},{row}]")
    assert len(outcome.ticks) == 1
    assert [each.excerpt for each in outcome.refused] == [row[:200]]


def test_what_is_no_page() -> None:
    with pytest.raises(MalformedError):
        parsed('{"code":-1121,"msg":"Invalid symbol."}')
    with pytest.raises(UnknownSymbolError):
        parsed("[]", "ZZZUSDT")


def test_pages_cover_the_ids_without_a_hole() -> None:
    ids = range(100, 2_350)
    requests = [trades_request("http://x", BTC, ids, asked) for asked in range(4)]
    assert [each.params if each else None for each in requests] == [
        {"symbol": "BTCUSDT", "fromId": "100", "limit": "1000"},
        {"symbol": "BTCUSDT", "fromId": "1100", "limit": "1000"},
        {"symbol": "BTCUSDT", "fromId": "2100", "limit": "250"},
        None,
    ]
    assert requests[2] is not None
    assert requests[2].url == "http://x/api/v3/historicalTrades"
    assert requests[2].context == Wanted("BTCUSDT", 2_100, 2_349).text()


def test_the_host_of_market_data_alone_does_not_offer_them() -> None:
    request = trades_request(MARKET_DATA_URL, BTC, range(1), 0)
    assert request is not None
    assert request.url == f"{EXCHANGE_URL}/api/v3/historicalTrades"


@given(st.integers(0, 200), st.sampled_from([*'"0,{}:. -xé[]', ""]))
def test_whatever_comes_gives_ticks_or_refusals(at: int, text: str) -> None:
    payload = f"[{ROW},{ROW}]"
    page = record("binance", "trades", "", Wanted("BTCUSDT", 0, 2**62).text())
    assert_sensible(
        parse(replace(page, payload=(payload[:at] + text + payload[at + 1 :]).encode()), CATALOGUE)
    )
