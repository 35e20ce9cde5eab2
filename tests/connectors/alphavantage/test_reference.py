"""Listings and markets, recorded and documented."""

import json

import pytest

from connectors.alphavantage.reference import Market, Match, parse_market_status, parse_search
from connectors.answers import Answer
from connectors.errors import BurstError, MalformedError
from tests.connectors.alphavantage.samples import recorded
from tests.connectors.alphavantage.test_checks import BURST
from tests.connectors.support import NOW_US

STATUS = {
    "endpoint": "Global Market Open & Close Status",
    "markets": [
        {
            "market_type": "Equity",
            "region": "United States",
            "primary_exchanges": "NASDAQ, NYSE, AMEX, BATS",
            "local_open": "09:30",
            "local_close": "16:15",
            "current_status": "open",
            "notes": "",
        },
        {"market_type": "Forex", "region": "Global", "current_status": "closed"},
    ],
}


def answer(body: bytes | object) -> Answer:
    return Answer(200, body if isinstance(body, bytes) else json.dumps(body).encode(), NOW_US)


def test_recorded_listings() -> None:
    found = parse_search(answer(recorded("symbol_search")))
    assert len(found) == 10
    assert found[0] == Match(
        symbol="BA",
        name="The Boeing Company",
        type="Equity",
        region="United States",
        opens="09:30",
        closes="16:00",
        offset="UTC-04",
        currency="USD",
        score="1.0000",
    )
    assert [each.symbol for each in parse_search(answer(recorded("time_series_search.json")))] == [
        "TL0.DEX",
        "TL0.FRK",
        "TSLA34.SAO",
        "TSLA",
        "TXLZF",
    ]


def test_nothing_found_is_an_answer() -> None:
    assert parse_search(answer({"bestMatches": []})) == []


def test_markets() -> None:
    assert parse_market_status(answer(STATUS)) == [
        Market("Equity", "United States", "NASDAQ, NYSE, AMEX, BATS", "09:30", "16:15", True, ""),
        Market("Forex", "Global", "", "", "", False, ""),
    ]


@pytest.mark.parametrize("parse", [parse_search, parse_market_status])
def test_what_is_no_answer_raises(parse: object) -> None:
    assert callable(parse)
    with pytest.raises(BurstError):
        parse(answer(BURST))
    with pytest.raises(MalformedError):
        parse(answer({"bestMatches": [{"1. symbol": 7}], "markets": 1}))
