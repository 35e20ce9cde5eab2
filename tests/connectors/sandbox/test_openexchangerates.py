"""Open Exchange Rates' format, against its recordings and its own parsers."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.answers import Answer as ProviderAnswer
from connectors.openexchangerates.answers import conversion_of, currencies_of, usage_of
from connectors.openexchangerates.parsers import PARSERS
from connectors.sandbox import openexchangerates
from connectors.sandbox.wire import Answer, Request, World
from market.instruments import CATALOGUE
from tests.connectors.sandbox.conftest import NOW_US, body, get
from tests.connectors.support import record, us


def ask(world: World, path: str, now_us: int = NOW_US, /, **query: str) -> Answer:
    return openexchangerates.respond(world, get(f"api/{path}", now_us, **{"app_id": "k", **query}))


class TestRates:
    def test_a_table_has_the_recorded_fields_in_order(
        self, free: World, recorded: Callable[[str], Any]
    ) -> None:
        table = body(ask(free, "latest.json"))
        assert list(table) == list(recorded("openexchangerates/latest.json"))
        assert (table["base"], table["timestamp"]) == ("USD", us("2026-11-24T15:00") // 1_000_000)
        assert list(table["rates"]) == sorted(table["rates"])
        assert table["rates"]["USD"] == 1
        mid = free.simulator.mid("USD-JPY", us("2026-11-24T15:00"))
        assert table["rates"]["JPY"] == round(mid, 6)

    def test_a_day_is_its_last_hour(self, free: World) -> None:
        table = body(ask(free, "historical/2026-11-20.json"))
        assert list(table) == ["disclaimer", "license", "timestamp", "base", "rates"]
        assert table["timestamp"] == us("2026-11-20T23:00") // 1_000_000

    def test_unknown_currencies_give_a_table_without_rates(self, free: World) -> None:
        answer = ask(free, "latest.json", symbols="XXX,YYY")
        assert (answer.status, body(answer)["rates"]) == (200, {})
        assert list(body(ask(free, "latest.json", symbols="JPY,XXX"))["rates"]) == ["JPY"]

    def test_many_days(self, premium: World) -> None:
        answer = body(
            ask(premium, "time-series.json", start="2026-11-19", end="2026-11-21", symbols="JPY")
        )
        assert list(answer["rates"]) == ["2026-11-19", "2026-11-20", "2026-11-21"]
        assert (answer["start_date"], answer["end_date"]) == ("2026-11-19", "2026-11-21")

    def test_what_has_not_changed_is_304(self, free: World) -> None:
        first = ask(free, "latest.json")
        assert first.headers["etag"].startswith('W/"')
        assert first.headers["last-modified"] == "Tue, 24 Nov 2026 15:00:00 GMT"
        assert first.headers["cache-control"] == "public"
        for header, value in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
            headers = {header: first.headers[value]}
            request = Request("api/latest.json", {"app_id": "k"}, headers, NOW_US)
            assert openexchangerates.respond(free, request).status == 304
            later = Request("api/latest.json", {"app_id": "k"}, headers, us("2026-11-24T16:00"))
            assert openexchangerates.respond(free, later).status == 200

    def test_prettyprint_is_as_it_was_recorded(self, free: World) -> None:
        text = ask(free, "latest.json", prettyprint="1").body
        assert text.startswith(b'{\n  "disclaimer": "')


class TestErrors:
    @pytest.mark.parametrize(
        ("query", "status", "message"),
        [
            ({"app_id": ""}, 401, "missing_app_id"),
            ({"app_id": "invalid"}, 401, "invalid_app_id"),
            ({"app_id": "inactive"}, 401, "app_id_inactive"),
            ({"base": "EUR"}, 403, "not_allowed"),
            ({"base": "XXX"}, 400, "invalid_base"),
        ],
    )
    def test_a_refusal_says_its_status_in_its_body(
        self, free: World, query: dict[str, str], status: int, message: str
    ) -> None:
        answer = ask(free, "latest.json", **query)
        text = body(answer)
        assert list(text) == ["error", "status", "message", "description"]
        assert (answer.status, text["status"], text["message"]) == (status, status, message)

    def test_an_inactive_key_is_answered_as_it_was_recorded(
        self, free: World, recorded: Callable[[str], Any]
    ) -> None:
        answer = ask(free, "latest.json", app_id="inactive")
        assert body(answer) == recorded("openexchangerates/app_id_inactive.json")

    @pytest.mark.parametrize(
        ("path", "status", "message"),
        [
            ("time-series.json", 403, "not_allowed"),
            ("convert/100/USD/EUR", 403, "not_allowed"),
            ("historical/2026-11-25.json", 400, "invalid_date"),
            ("historical/x.json", 400, "invalid_date"),
            ("ohlc.json", 404, "not_found"),
            ("convert/x/USD/EUR", 404, "not_found"),
        ],
    )
    def test_what_the_free_plan_does_not_answer(
        self, free: World, path: str, status: int, message: str
    ) -> None:
        answer = ask(free, path)
        assert (answer.status, body(answer)["message"]) == (status, message)

    @pytest.mark.parametrize(
        ("path", "query", "message"),
        [
            (
                "time-series.json",
                {"start": "2026-01-01", "end": "2026-11-01"},
                "invalid_date_range",
            ),
            (
                "time-series.json",
                {"start": "2026-11-02", "end": "2026-11-01"},
                "invalid_date_range",
            ),
            ("time-series.json", {"start": "2026-11-02"}, "invalid_date"),
            ("convert/100/USD/XXX", {}, "invalid_currency"),
        ],
    )
    def test_what_no_plan_answers(
        self, premium: World, path: str, query: dict[str, str], message: str
    ) -> None:
        answer = ask(premium, path, **query)
        assert (answer.status, body(answer)["message"]) == (400, message)

    def test_the_1001st_call_of_a_month_is_restricted_until_the_next(self, free: World) -> None:
        for _ in range(1_000):
            assert ask(free, "latest.json", symbols="EUR").status == 200
        answer = ask(free, "latest.json")
        assert (answer.status, body(answer)["message"]) == (429, "access_restricted")
        assert "until 2026-12-01 (reason: too_many_requests)" in body(answer)["description"]
        assert ask(free, "usage.json").status == 200
        assert ask(free, "latest.json", us("2026-12-01")).status == 200


def test_a_header_may_carry_the_key(free: World) -> None:
    request = Request("api/latest.json", {}, {"authorization": "Token k"}, NOW_US)
    assert openexchangerates.respond(free, request).status == 200


class TestParsers:
    """What the sandbox writes is what its own parsers read."""

    @pytest.mark.parametrize(
        ("path", "kind", "count"),
        [
            ("latest.json", "latest", 4),
            ("historical/2026-11-20.json", "historical", 4),
            ("time-series.json", "time-series", 8),
        ],
    )
    def test_tables(self, premium: World, path: str, kind: str, count: int) -> None:
        answer = ask(premium, path, start="2026-11-19", end="2026-11-20")
        parsed = PARSERS[kind](record("openexchangerates", kind, answer.body), CATALOGUE)
        assert (len(parsed.ticks), parsed.refused) == (count, ())

    def test_another_base(self, premium: World) -> None:
        answer = ask(premium, "latest.json", base="EUR")
        parsed = PARSERS["latest"](record("openexchangerates", "latest", answer.body), CATALOGUE)
        assert len(parsed.ticks) == 12

    def test_values(self, premium: World, free: World) -> None:
        def answer(world: World, path: str, **query: str) -> ProviderAnswer:
            return ProviderAnswer(200, ask(world, path, **query).body, NOW_US)

        assert currencies_of(answer(free, "currencies.json", app_id=""))["EUR"] == "Euro"
        assert conversion_of(answer(premium, "convert/100/USD/EUR")).amount == 100
        assert usage_of(answer(free, "usage.json")).quota == 1_000
        assert usage_of(answer(premium, "usage.json")).quota is None
