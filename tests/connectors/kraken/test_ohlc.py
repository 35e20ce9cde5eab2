"""Kraken's minutes become bars, but for those that still run or had no trade."""

from decimal import Decimal

import pytest

from connectors.errors import BurstError
from connectors.kraken.ohlc import ohlc_requests, parse_ohlc
from market.bars import BAR_US, LAST, Bar
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors.kraken.samples import page
from tests.connectors.support import NOW_US, record

BTC = CATALOGUE.by_symbol("BTC-USD")
OPENED_US = NOW_US - BAR_US
ROW = (
    f'[{OPENED_US // 1_000_000},"30306.1","30306.2","30305.7","30305.8","30306.1","3.39243896",23]'
)
QUIET = ROW.replace("3.39243896", "0.00000000")


def parsed(*rows: str, received_us: int = NOW_US, symbol: str = "BTC/USD") -> Parsed:
    payload = f'{{"error":[],"result":{{"XXBTZUSD":[{",".join(rows)}],"last":1}}}}'
    context = f'{{"symbol":"{symbol}"}}'
    return parse_ohlc(record("kraken", "ohlc", payload, context, received_us), CATALOGUE)


def test_a_row_becomes_a_bar() -> None:
    (bar,) = parsed(ROW).bars.rows()
    assert bar == Bar(
        OPENED_US,
        BTC.id,
        61,
        LAST,
        Decimal("30306.1"),
        Decimal("30306.2"),
        Decimal("30305.7"),
        Decimal("30305.8"),
        volume=Decimal("3.39243896"),
    )


def test_a_minute_that_runs_or_had_no_trade_is_left_out() -> None:
    assert len(parsed(ROW, received_us=NOW_US - 1).bars) == 0
    assert len(parsed(QUIET).bars) == 0


@pytest.mark.parametrize(
    "row", ["null", "[]", ROW.replace("30306.2", "-1"), ROW.replace("30305.7", "30305.9")]
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(ROW, row)
    assert (len(outcome.bars), len(outcome.refused)) == (1, 1)


def test_bars_beside_an_error_are_none() -> None:
    payload = page(ROW).replace('"error":[]', '"error":["EGeneral:Too many requests"]')
    with pytest.raises(BurstError):
        parse_ohlc(record("kraken", "ohlc", payload, '{"symbol":"BTC/USD"}'), CATALOGUE)


def test_an_unknown_pair_is_refused() -> None:
    with pytest.raises(UnknownSymbolError):
        parsed(ROW, symbol="ZZZ/USD")


def test_one_call_asks_from_the_minute_on() -> None:
    (request,) = ohlc_requests("http://x", BTC, NOW_US + 30_000_000, NOW_US + 10 * BAR_US)
    assert request.url == "http://x/0/public/OHLC"
    assert request.params == {
        "pair": "XBTUSD",
        "interval": "1",
        "since": str(NOW_US // 1_000_000 - 1),
    }
