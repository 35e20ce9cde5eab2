"""What is asked of Fixer's endpoints."""

from datetime import date
from decimal import Decimal

from connectors.answers import Request
from connectors.fixer.requests import (
    convert_request,
    fluctuation_request,
    historical_request,
    latest_request,
    symbols_request,
    timeseries_request,
)

ROOT = "https://x/api"
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 20)


def test_rates_are_asked_of_one_base_against_many() -> None:
    pairs = {"base": "EUR", "symbols": "SEK,NGN"}
    days = {"start_date": "2026-11-02", "end_date": "2026-11-20"}
    span = "EUR 2026-11-02..2026-11-20"
    codes = ["SEK", "NGN"]
    assert latest_request(ROOT, "EUR", codes) == Request("latest", "EUR", f"{ROOT}/latest", pairs)
    assert historical_request(ROOT, "EUR", codes, FIRST) == Request(
        "historical", "EUR 2026-11-02", f"{ROOT}/2026-11-02", pairs
    )
    assert timeseries_request(ROOT, "EUR", codes, FIRST, LAST) == Request(
        "timeseries", span, f"{ROOT}/timeseries", {**days, **pairs}
    )
    assert fluctuation_request(ROOT, "EUR", codes, FIRST, LAST) == Request(
        "fluctuation", span, f"{ROOT}/fluctuation", {**days, **pairs}
    )


def test_an_amount_is_written_out() -> None:
    now = convert_request(ROOT, Decimal("1E+3"), "GBP", "JPY")
    assert now.params == {"from": "GBP", "to": "JPY", "amount": "1000"}
    then = convert_request(ROOT, Decimal("0.5"), "GBP", "JPY", FIRST)
    assert then.params["date"] == "2026-11-02"
    assert str(then) == "convert GBP-JPY"


def test_symbols_are_asked_for_as_they_are() -> None:
    assert symbols_request(ROOT) == Request("symbols", "", f"{ROOT}/symbols")
