"""CoinGecko's hosts in the sandbox: who may ask, how often, and for what."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox import coingecko
from connectors.sandbox.wire import World
from tests.connectors.sandbox.coingecko_worlds import (
    DAY_US,
    DEMO_KEY,
    MINUTE_US,
    PRO_KEY,
    SECOND_US,
    USD,
    ask,
)
from tests.connectors.sandbox.conftest import NOW_US, body, get

PRICE = {"ids": "bitcoin", "vs_currencies": "usd"}


class TestPaths:
    def test_ping(self, premium: World, recorded: Callable[[str], Any]) -> None:
        for pro in (False, True):
            answer = ask(premium, "ping", pro=pro)
            assert body(answer) == recorded("coingecko_jkorf/Ping.txt")

    @pytest.mark.parametrize("path", ["", "coins", "coins/bitcoin/nothing", "simple"])
    def test_an_unknown_path_is_404(self, premium: World, path: str) -> None:
        assert ask(premium, path).status == 404

    def test_nothing_is_served_beside_the_api(self, premium: World) -> None:
        assert coingecko.respond(premium, get("ping")).status == 404

    @pytest.mark.parametrize("path", ["market_chart", "market_chart/range", "ohlc", "history"])
    def test_an_unknown_coin_is_404(self, premium: World, path: str) -> None:
        answer = ask(premium, f"coins/nothing/{path}", USD)
        assert (answer.status, body(answer)) == (404, {"error": "coin not found"})


class TestKeys:
    def test_a_pro_key_belongs_to_the_other_host(self, premium: World) -> None:
        answer = ask(premium, "ping", headers=PRO_KEY)
        assert (answer.status, body(answer)["error_code"]) == (400, 10010)
        assert body(answer)["timestamp"] == "2026-11-24T15:04:05.678000+00:00"
        text = body(answer)["status"]["error_message"]
        assert text == (
            "If you are using Pro API key, please change your root URL from api.coingecko.com "
            "to pro-api.coingecko.com"
        )

    def test_a_demo_key_belongs_to_the_other_host(self, premium: World) -> None:
        answer = ask(premium, "ping", pro=True, headers=DEMO_KEY)
        assert (answer.status, body(answer)["error_code"]) == (400, 10011)

    def test_the_pro_host_wants_a_key(self, premium: World) -> None:
        answer = ask(premium, "ping", pro=True, headers={})
        assert (answer.status, body(answer)["status"]["error_code"]) == (401, 10002)

    @pytest.mark.parametrize("plan", ["demo", "pro"])
    def test_a_bad_key_is_401_in_a_header_or_a_parameter(self, premium: World, plan: str) -> None:
        pro = plan == "pro"
        header = {f"x-cg-{plan}-api-key": "invalid"}
        for answer in (
            ask(premium, "ping", pro=pro, headers=header),
            ask(premium, "ping", {f"x_cg_{plan}_api_key": "invalid"}, pro=pro, headers={}),
        ):
            assert (answer.status, body(answer)["status"]["error_code"]) == (401, 10002)

    def test_what_only_paid_plans_hold_is_10005(self, premium: World) -> None:
        for answer in (
            ask(premium, "key", headers=DEMO_KEY),
            ask(premium, "coins/bitcoin/ohlc", {**USD, "days": "1", "interval": "hourly"}),
            ask(premium, "coins/bitcoin/market_chart", {**USD, "days": "1", "interval": "5m"}),
        ):
            assert (answer.status, body(answer)["status"]["error_code"]) == (401, 10005)


class TestLimits:
    @pytest.mark.parametrize(
        ("pro", "headers", "limit"), [(False, {}, 30), (False, DEMO_KEY, 100), (True, PRO_KEY, 250)]
    )
    def test_too_many_calls_a_minute(
        self, free: World, pro: bool, headers: dict[str, str], limit: int
    ) -> None:
        answers = [ask(free, "ping", pro=pro, headers=headers) for _ in range(limit + 1)]
        assert {answer.status for answer in answers[:limit]} == {200}
        refused = answers[limit]
        assert (refused.status, body(refused)["status"]["error_code"]) == (429, 429)
        assert refused.headers["retry-after"] == "55"
        later_us = NOW_US + 55 * SECOND_US
        assert ask(free, "ping", pro=pro, headers=headers, now_us=later_us).status == 200

    def test_errors_count_for_the_minute(self, free: World) -> None:
        statuses = [ask(free, "nothing").status for _ in range(31)]
        assert statuses == [404] * 30 + [429]

    def test_the_month_is_used_up_by_good_answers_alone(self, free: World) -> None:
        def call(minute: int, path: str) -> int:
            return ask(free, path, headers=DEMO_KEY, now_us=NOW_US + minute * MINUTE_US).status

        assert {call(0, "nothing") for _ in range(50)} == {404}
        assert {call(1 + number // 100, "ping") for number in range(10_000)} == {200}
        assert call(200, "ping") == 429
        assert ask(free, "ping", headers=DEMO_KEY, now_us=NOW_US + 31 * DAY_US).status == 200

    def test_the_premium_profile_has_no_limit(self, premium: World) -> None:
        assert {ask(premium, "simple/price", PRICE).status for _ in range(120)} == {200}
