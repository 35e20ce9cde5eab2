"""Fixer's format, against the contract sheet (no recording of it exists), and its own parsers."""

from typing import Any

import pytest

from connectors.answers import Answer as ProviderAnswer
from connectors.fixer.answers import conversion_of, currencies_of, fluctuations_of
from connectors.fixer.parsers import PARSERS
from connectors.sandbox import fixer
from connectors.sandbox.wire import Request, World
from market.instruments import CATALOGUE
from tests.connectors.sandbox.conftest import NOW_US, body, get
from tests.connectors.support import record, us

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US


def latest(world: World, now_us: int = NOW_US, /, **query: str) -> Any:
    request = get("api/latest", now_us, **{"access_key": "k", **query})
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
        request = get("api/latest", access_key="k", symbols="BTC,EUR")
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
        first = fixer.respond(premium, get("api/latest", access_key="k"))
        headers = {"if-none-match": first.headers["etag"]}
        again = fixer.respond(premium, Request("api/latest", {"access_key": "k"}, headers, NOW_US))
        later_us = NOW_US + 2 * SECOND_US
        later = fixer.respond(
            premium, Request("api/latest", {"access_key": "k"}, headers, later_us)
        )
        assert (again.status, again.body) == (304, b"")
        assert later.status == 200


def asked(world: World, path: str, /, **query: str) -> Any:
    return body(fixer.respond(world, get(f"api/{path}", **{"access_key": "k", **query})))


class TestDays:
    def test_a_day_ends_with_its_last_second(self, premium: World) -> None:
        answer = asked(premium, "2026-11-20", symbols="USD,EUR")
        assert list(answer) == ["success", "historical", "date", "timestamp", "base", "rates"]
        end_us = us("2026-11-20T23:59:59")
        assert (answer["date"], answer["timestamp"]) == ("2026-11-20", end_us // SECOND_US)
        assert answer["rates"]["EUR"] == 1
        mid = premium.simulator.mid("EUR-USD", end_us)
        assert answer["rates"]["USD"] == pytest.approx(mid, rel=1e-3)

    def test_today_is_as_far_as_it_has_come(self, premium: World) -> None:
        answer = asked(premium, "2026-11-24")
        assert answer["timestamp"] == latest(premium)["timestamp"]

    @pytest.mark.parametrize("day", ["2026-11-25", "1998-12-31", "2026-02-30"])
    def test_there_is_no_such_day(self, premium: World, day: str) -> None:
        assert asked(premium, day)["error"]["code"] == 302

    def test_a_timeseries_leaves_weekends_out(self, premium: World) -> None:
        answer = asked(
            premium,
            "timeseries",
            start_date="2026-11-19",
            end_date="2026-11-23",
            base="GBP",
            symbols="USD",
        )
        assert list(answer) == "success timeseries start_date end_date base rates".split()
        assert list(answer["rates"]) == ["2026-11-19", "2026-11-20", "2026-11-23"]
        day = asked(premium, "2026-11-20", base="GBP", symbols="USD")
        assert answer["rates"]["2026-11-20"] == day["rates"]

    @pytest.mark.parametrize(
        ("start", "end", "code"),
        [
            ("", "", 501),
            ("2026-11-19", "", 501),
            ("19.11.2026", "2026-11-20", 502),
            ("2026-11-19", "2026-11-99", 503),
            ("2026-11-19", "2026-11-18", 504),
            ("2025-11-18", "2026-11-19", 505),
        ],
    )
    def test_a_bad_timeframe_has_its_own_code(
        self, premium: World, start: str, end: str, code: int
    ) -> None:
        for function in ("timeseries", "fluctuation"):
            answer = asked(premium, function, start_date=start, end_date=end)
            assert answer["error"]["code"] == code


class TestValues:
    def test_symbols_have_names(self, premium: World) -> None:
        answer = asked(premium, "symbols")
        assert answer["success"] is True
        assert answer["symbols"]["BTC"] == "Bitcoin"
        assert answer["symbols"].keys() == latest(premium)["rates"].keys()

    def test_a_conversion_of_now_has_an_empty_historical(self, premium: World) -> None:
        query = {"from": "GBP", "to": "JPY", "amount": "25"}
        answer = asked(premium, "convert", **query)
        assert list(answer) == "success query info historical date result".split()
        assert answer["query"] == {"from": "GBP", "to": "JPY", "amount": 25}
        assert answer["historical"] == ""
        assert answer["result"] == pytest.approx(25 * answer["info"]["rate"], abs=1e-6)
        then = asked(premium, "convert", **query, date="2026-11-20")
        assert (then["historical"], then["date"]) == (True, "2026-11-20")

    @pytest.mark.parametrize("amount", ["", "nan", "-1", "much"])
    def test_a_conversion_needs_an_amount(self, premium: World, amount: str) -> None:
        answer = asked(premium, "convert", **{"from": "GBP", "to": "JPY"}, amount=amount)
        assert answer["error"]["code"] == 403
        assert asked(premium, "convert", amount="1")["error"]["code"] == 202

    def test_a_fluctuation_is_that_of_its_ends(self, premium: World) -> None:
        days = {"start_date": "2026-11-19", "end_date": "2026-11-20"}
        change = asked(premium, "fluctuation", **days, symbols="USD")["rates"]["USD"]
        ends = asked(premium, "timeseries", **days, symbols="USD")["rates"]
        assert change["start_rate"] == ends["2026-11-19"]["USD"]
        assert change["end_rate"] == ends["2026-11-20"]["USD"]
        assert change["change"] == pytest.approx(
            change["end_rate"] - change["start_rate"], abs=1e-4
        )

    def test_an_answer_can_be_pretty_or_wrapped(self, premium: World) -> None:
        pretty = fixer.respond(premium, get("api/symbols", access_key="k", format="1"))
        assert pretty.body.startswith(b'{\n    "success": true')
        wrapped = fixer.respond(premium, get("api/symbols", access_key="k", callback="f"))
        assert wrapped.body.startswith(b'f({"success":true') and wrapped.body.endswith(b")")


class TestGateway:
    def ask(self, world: World, path: str, key: str | None) -> tuple[int, Any]:
        headers = {} if key is None else {"apikey": key}
        answer = fixer.respond(world, Request(f"fixer/{path}", {}, headers, NOW_US))
        return answer.status, body(answer)

    def test_it_gives_the_same_rates(self, premium: World) -> None:
        assert self.ask(premium, "latest", "k") == (200, latest(premium))

    def test_its_own_errors_are_statuses(self, free: World) -> None:
        assert self.ask(free, "latest", None) == (
            401,
            {"message": "No API key found in request"},
        )
        assert self.ask(free, "latest", "invalid") == (
            401,
            {"message": "Invalid authentication credentials"},
        )
        assert self.ask(free, "nothing", "k") == (
            404,
            {"message": "no Route matched with those values"},
        )
        for _ in range(100):
            assert self.ask(free, "latest", "k")[0] == 200
        status, text = self.ask(free, "latest", "k")
        assert status == 429
        assert "daily/monthly API rate limit" in text["message"]

    def test_the_plans_refusals_are_those_of_the_other_door(self, free: World) -> None:
        status, text = self.ask(free, "timeseries", "k")
        assert (status, text["error"]["code"]) == (200, 105)


class TestParsers:
    """What the sandbox writes is what Fixer's own parsers read."""

    @pytest.mark.parametrize(
        ("path", "kind", "query"),
        [
            ("latest", "latest", {}),
            ("2026-11-20", "historical", {}),
            ("timeseries", "timeseries", {"start_date": "2026-11-16", "end_date": "2026-11-23"}),
        ],
    )
    def test_tables(self, premium: World, path: str, kind: str, query: dict[str, str]) -> None:
        answer = fixer.respond(premium, get(f"api/{path}", access_key="k", **query))
        parsed = PARSERS[kind](record("fixer", kind, answer.body), CATALOGUE)
        assert len(parsed.ticks) == 12 * (6 if kind == "timeseries" else 1)
        assert parsed.refused == ()

    def test_values(self, premium: World) -> None:
        def answer(path: str, **query: str) -> ProviderAnswer:
            request = get(f"api/{path}", access_key="k", **query)
            return ProviderAnswer(200, fixer.respond(premium, request).body, NOW_US)

        assert currencies_of(answer("symbols"))["EUR"] == "Euro"
        query = {"from": "GBP", "to": "JPY", "amount": "25"}
        assert conversion_of(answer("convert", **query)).amount == 25
        days = {"start_date": "2026-11-19", "end_date": "2026-11-20"}
        assert fluctuations_of(answer("fluctuation", **days))["USD"].first > 1


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

    @pytest.mark.parametrize("function", ["timeseries", "fluctuation", "convert"])
    def test_the_free_plan_has_no_such_function(self, free: World, function: str) -> None:
        assert asked(free, function) == {
            "success": False,
            "error": {"code": 105, "type": "function_access_restricted"},
        }

    def test_bad_codes(self, premium: World) -> None:
        assert latest(premium, base="XYZ")["error"] == {
            "code": 201,
            "type": "invalid_base_currency",
        }
        assert latest(premium, symbols="XYZ")["error"]["code"] == 202

    def test_another_function(self, premium: World) -> None:
        answer = body(fixer.respond(premium, get("api/nothing", access_key="k")))
        assert answer["error"]["code"] == 103

    def test_the_101st_call_of_a_month_on_the_free_plan(self, free: World) -> None:
        answers = [latest(free) for _ in range(101)]
        assert all(answer["success"] for answer in answers[:100])
        assert answers[100]["error"]["type"] == "monthly_limit_reached"
        assert answers[100]["error"]["code"] == 104
        assert latest(free, NOW_US + 10 * DAY_US)["success"]

    def test_the_premium_plan_has_no_quota(self, premium: World) -> None:
        assert all(latest(premium)["success"] for _ in range(120))
