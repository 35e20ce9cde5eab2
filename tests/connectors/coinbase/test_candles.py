"""Coinbase's minutes become bars, and their calls cover a day without a hole."""

from decimal import Decimal

import pytest

from connectors.coinbase.candles import candle_requests, parse_candles
from market.bars import BAR_US, LAST, Bar
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors.support import NOW_US, record, us

BTC = CATALOGUE.by_symbol("BTC-USD")
OPENED_US = NOW_US - BAR_US
ROW = f"[{OPENED_US // 1_000_000}, 30305.7, 30306.20, 30306.1, 30305.8, 3.39243896]"


def parsed(*rows: str, received_us: int = NOW_US, product: str = "BTC-USD") -> Parsed:
    context = f'{{"symbol":"{product}"}}'
    payload = f"[{','.join(rows)}]"
    return parse_candles(record("coinbase", "candles", payload, context, received_us), CATALOGUE)


def test_a_row_becomes_a_bar() -> None:
    (bar,) = parsed(ROW).bars.rows()
    assert bar == Bar(
        OPENED_US,
        BTC.id,
        71,
        LAST,
        Decimal("30306.1"),
        Decimal("30306.2"),
        Decimal("30305.7"),
        Decimal("30305.8"),
        volume=Decimal("3.39243896"),
    )


def test_small_numbers_keep_their_digits() -> None:
    row = f"[{OPENED_US // 1_000_000},8.6e-06,8.63e-06,8.6e-06,8.61e-06,1e7]"
    (bar,) = parsed(row, product="SHIB-USD").bars.rows()
    assert (bar.high, bar.volume) == (Decimal("0.00000863"), Decimal(10_000_000))


def test_a_minute_that_still_runs_is_left_out() -> None:
    assert len(parsed(ROW, received_us=NOW_US - 1).bars) == 0


@pytest.mark.parametrize(
    "row", ["null", "[]", ROW.replace("30306.1", "-1"), ROW.replace("30306.20", "30305.9")]
)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    outcome = parsed(ROW, row)
    assert len(outcome.bars) == 1
    assert [each.excerpt for each in outcome.refused] == [row]


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(UnknownSymbolError):
        parsed(ROW, product="ZZZ-USD")


def test_calls_of_three_hundred_minutes_cover_a_day() -> None:
    start_us, end_us = us("2026-11-23T12:00:30"), us("2026-11-24T12:00:30")
    requests = candle_requests("http://x", BTC, start_us, end_us)
    assert len(requests) == 5
    assert requests[0].url == "http://x/products/BTC-USD/candles"
    assert requests[0].params == {
        "granularity": "60",
        "start": "2026-11-23T12:00:00Z",
        "end": "2026-11-23T16:59:00Z",
    }
    assert requests[1].params["start"] == "2026-11-23T17:00:00Z"
    assert requests[-1].params["end"] == "2026-11-24T11:59:00Z"


def test_less_than_a_minute_is_no_call() -> None:
    assert candle_requests("http://x", BTC, NOW_US, NOW_US + BAR_US - 1) == []
    assert len(candle_requests("http://x", BTC, NOW_US, NOW_US + BAR_US)) == 1
