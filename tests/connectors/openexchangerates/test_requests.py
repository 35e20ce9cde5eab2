"""What is asked of Open Exchange Rates' endpoints."""

from datetime import date
from decimal import Decimal

from connectors.answers import Request
from connectors.openexchangerates.requests import (
    convert_request,
    currencies_request,
    historical_request,
    latest_request,
    timeseries_request,
    usage_request,
)

ROOT = "https://x/api"
DAY = date(2026, 11, 2)


def test_the_dollar_is_not_named_as_the_base() -> None:
    assert latest_request(ROOT) == Request("latest", "USD", f"{ROOT}/latest.json")
    assert historical_request(ROOT, DAY) == Request(
        "historical", "USD 2026-11-02", f"{ROOT}/historical/2026-11-02.json"
    )


def test_another_base_and_its_currencies_are_named() -> None:
    pairs = {"base": "EUR", "symbols": "SEK,NGN"}
    codes = ["SEK", "NGN"]
    assert latest_request(ROOT, "EUR", codes).params == pairs
    assert historical_request(ROOT, DAY, "EUR", codes).params == pairs
    assert timeseries_request(ROOT, DAY, date(2026, 11, 20), "EUR", codes) == Request(
        "time-series",
        "EUR 2026-11-02..2026-11-20",
        f"{ROOT}/time-series.json",
        {"start": "2026-11-02", "end": "2026-11-20", **pairs},
    )


def test_what_is_no_table() -> None:
    assert convert_request(ROOT, Decimal("1E+3"), "USD", "EUR") == Request(
        "convert", "USD-EUR", f"{ROOT}/convert/1000/USD/EUR"
    )
    assert currencies_request(ROOT).url == f"{ROOT}/currencies.json"
    assert usage_request(ROOT).url == f"{ROOT}/usage.json"
