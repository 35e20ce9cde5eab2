"""Fixer's format, against the contract sheet (no recording of it exists)."""

from typing import Any

import pytest

from connectors.sandbox import fixer
from connectors.sandbox.wire import Request, World
from tests.connectors.sandbox.conftest import NOW_US, body, get

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US


def latest(world: World, now_us: int = NOW_US, /, **query: str) -> Any:
    request = get("latest", now_us, **{"access_key": "k", **query})
    answer = fixer.respond(world, request)
    assert answer.status == 200
    return body(answer)


class TestLatest:
    def test_it_has_the_documented_fields_in_order(self, premium: World) -> None:
        answer = latest(premium, symbols="USD,GBP")
        assert list(answer) == ["success", "timestamp", "base", "date", "rates"]
        assert answer["success"] is True
        assert answer["base"] == "EUR"
        assert answer["date"] == "2026-11-24"
        assert answer["timestamp"] == NOW_US // SECOND_US // 2 * 2
        assert list(answer["rates"]) == ["GBP", "USD"]

    def test_rates_are_those_of_the_market_with_six_decimals(self, premium: World) -> None:
        answer = latest(premium)
        at_us = answer["timestamp"] * SECOND_US
        for symbol in ("SEK", "NOK", "PLN", "TRY", "ZAR", "MXN", "CNY", "INR", "NGN"):
            mid = premium.simulator.mid(f"EUR-{symbol}", at_us)
            assert answer["rates"][symbol] == round(mid, 6)

    def test_the_base_is_exactly_one_and_a_tiny_rate_has_an_exponent(self, premium: World) -> None:
        request = get("latest", access_key="k", symbols="BTC,EUR")
        text = fixer.respond(premium, request).body.decode()
        assert '"EUR":1}' in text
        rate = text.split('"BTC":')[1].split(",")[0]
        assert "e-5" in rate or "e-6" in rate
        assert float(rate) == pytest.approx(1.16 / 94_500, rel=0.5)

    def test_the_premium_plan_changes_every_two_seconds(self, premium: World) -> None:
        start = NOW_US // (2 * SECOND_US) * 2 * SECOND_US
        assert latest(premium, start) == latest(premium, start + 2 * SECOND_US - 1)
        answers = [latest(premium, start + 2 * n * SECOND_US) for n in range(10)]
        assert len({answer["timestamp"] for answer in answers}) == 10
        assert len({answer["rates"]["SEK"] for answer in answers}) == 10

    def test_the_free_plan_is_hourly(self, free: World) -> None:
        assert latest(free)["timestamp"] % 3_600 == 0

    def test_the_weekend_repeats_fridays_rates_with_a_fresh_timestamp(self, free: World) -> None:
        saturday, sunday = (latest(free, NOW_US - hours * HOUR_US) for hours in (72, 55))
        assert saturday["rates"]["USD"] == sunday["rates"]["USD"]
        assert saturday["timestamp"] < sunday["timestamp"]

    def test_another_base_on_the_premium_plan(self, premium: World) -> None:
        answer = latest(premium, base="GBP", symbols="EUR,GBP")
        assert answer["base"] == "GBP"
        assert answer["rates"]["GBP"] == 1
        assert answer["rates"]["EUR"] == pytest.approx(1.335 / 1.16, rel=0.1)

    def test_unknown_symbols_are_dropped_beside_a_known_one(self, premium: World) -> None:
        assert list(latest(premium, symbols="XYZ,SEK")["rates"]) == ["SEK"]

    def test_an_unchanged_body_is_304(self, premium: World) -> None:
        first = fixer.respond(premium, get("latest", access_key="k"))
        headers = {"if-none-match": first.headers["etag"]}
        again = fixer.respond(premium, Request("latest", {"access_key": "k"}, headers, NOW_US))
        later_us = NOW_US + 2 * SECOND_US
        later = fixer.respond(premium, Request("latest", {"access_key": "k"}, headers, later_us))
        assert (again.status, again.body) == (304, b"")
        assert later.status == 200


class TestErrors:
    def test_keys(self, premium: World) -> None:
        missing = latest(premium, access_key="")
        invalid = latest(premium, access_key="invalid")
        assert missing["error"]["code"] == invalid["error"]["code"] == 101
        assert missing["error"]["type"] == "missing_access_key"
        assert invalid["error"]["type"] == "invalid_access_key"
        assert invalid["success"] is False

    def test_the_free_plan_has_the_euro_alone_as_base(self, free: World) -> None:
        assert latest(free, base="USD") == {
            "success": False,
            "error": {"code": 105, "type": "base_currency_access_restricted"},
        }

    def test_bad_codes(self, premium: World) -> None:
        assert latest(premium, base="XYZ")["error"] == {
            "code": 201,
            "type": "invalid_base_currency",
        }
        assert latest(premium, symbols="XYZ")["error"]["code"] == 202

    def test_another_function(self, premium: World) -> None:
        answer = body(fixer.respond(premium, get("nothing", access_key="k")))
        assert answer["error"]["code"] == 103

    def test_the_101st_call_of_a_month_on_the_free_plan(self, free: World) -> None:
        answers = [latest(free) for _ in range(101)]
        assert all(answer["success"] for answer in answers[:100])
        assert answers[100]["error"]["type"] == "monthly_limit_reached"
        assert answers[100]["error"]["code"] == 104
        assert latest(free, NOW_US + 10 * DAY_US)["success"]

    def test_the_premium_plan_has_no_quota(self, premium: World) -> None:
        assert all(latest(premium)["success"] for _ in range(120))
