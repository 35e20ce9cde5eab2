"""CoinGecko's histories in the sandbox, against the recorded answers and the contract sheet."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from connectors.sandbox.wire import Answer, World
from tests.connectors.sandbox.coingecko_worlds import DAY_US, USD, ask
from tests.connectors.sandbox.conftest import NOW_US, body

NOW_MS = NOW_US // 1_000
DAY_MS = DAY_US // 1_000
HOUR_MS = DAY_MS // 24


def chart(world: World, coin: str = "bitcoin", *, pro: bool = False, **query: str) -> Answer:
    return ask(world, f"coins/{coin}/market_chart", {**USD, "days": "1", **query}, pro=pro)


def span(world: World, start: object, end: object, *, pro: bool = False) -> Answer:
    path = "coins/bitcoin/market_chart/range"
    return ask(world, path, {**USD, "from": str(start), "to": str(end)}, pro=pro)


def bars(world: World, days: str = "1", *, pro: bool = False, **query: str) -> Answer:
    return ask(world, "coins/bitcoin/ohlc", {**USD, "days": days, **query}, pro=pro)


def day(world: World, date: str, *, pro: bool = False, **query: str) -> Answer:
    return ask(world, "coins/bitcoin/history", {"date": date, **query}, pro=pro)


def times(answer: Answer) -> list[int]:
    return [time_ms for time_ms, _ in body(answer)["prices"]]


class TestMarketChart:
    def test_it_has_the_recorded_shape(
        self, premium: World, recorded: Callable[[str], Any]
    ) -> None:
        theirs = recorded("coingecko_jkorf/GetMarketChart.txt")
        ours = body(chart(premium))
        assert list(ours) == list(theirs)
        for series in ours.values():
            assert all(isinstance(t, int) and isinstance(value, float) for t, value in series)

    def test_a_day_has_five_minute_points_off_the_grid_and_ends_now(self, premium: World) -> None:
        points = times(chart(premium))
        assert points == sorted(set(points))
        assert 285 <= len(points) <= 290
        assert points[-1] == NOW_MS
        assert NOW_MS - DAY_MS < points[0] < NOW_MS - DAY_MS + 400_000
        assert sum(time_ms % 60_000 == 0 for time_ms in points) < 5

    def test_points_are_the_market_at_their_time(self, premium: World) -> None:
        points = body(chart(premium, "pepe"))["prices"]
        for time_ms, value in (points[0], points[100], points[-1]):
            assert value == premium.simulator.mid("PEPE-USD", time_ms * 1_000)

    def test_more_days_are_hourly(self, premium: World) -> None:
        assert 46 <= len(times(chart(premium, days="2"))) <= 50

    def test_more_than_ninety_days_are_midnights_and_now(self, premium: World) -> None:
        points = times(chart(premium, days="91"))
        assert len(points) == 92
        assert {time_ms % DAY_MS for time_ms in points[:-1]} == {0}

    def test_the_interval_can_be_chosen(self, premium: World) -> None:
        assert len(times(chart(premium, days="7", interval="daily"))) == 8
        assert len(times(chart(premium, days="1", interval="5m", pro=True))) > 280

    def test_what_is_too_far_back_is_10012(self, premium: World) -> None:
        for days in ("366", "max"):
            answer = chart(premium, days=days)
            assert answer.status == 401
            assert body(answer)["error"]["status"]["error_code"] == 10012

    def test_errors(self, premium: World) -> None:
        assert chart(premium, vs_currency="").status == 422
        assert chart(premium, vs_currency="usdt").status == 400
        for days in ("", "0", "-1", "x"):
            assert chart(premium, days=days).status == 422
        assert chart(premium, interval="monthly").status == 400


class TestRange:
    def test_a_range_holds_what_lies_between(self, premium: World) -> None:
        start_s = NOW_MS // 1_000 - 7_200
        points = times(span(premium, start_s, start_s + 3_600))
        assert 11 <= len(points) <= 13
        assert start_s * 1_000 <= points[0] <= points[-1] <= (start_s + 3_600) * 1_000

    def test_a_range_up_to_the_future_ends_now(self, premium: World) -> None:
        points = times(span(premium, NOW_MS // 1_000 - 3_600, NOW_MS // 1_000 + 3_600))
        assert points[-1] == NOW_MS

    def test_the_pro_host_takes_iso_times_too(self, premium: World) -> None:
        iso = times(span(premium, "2026-11-24T10:00", "2026-11-24T11:00", pro=True))
        assert iso == times(span(premium, 1_795_514_400, 1_795_518_000))
        assert len(times(span(premium, "2026-11-20", "2026-11-22", pro=True))) == 48

    def test_errors(self, premium: World) -> None:
        assert span(premium, "2026-11-24", "2026-11-25").status == 422
        assert span(premium, "2026-13-24", "2026-11-25", pro=True).status == 422
        assert span(premium, NOW_MS // 1_000, NOW_MS // 1_000 - 1).status == 422
        start_s = NOW_MS // 1_000 - 366 * 86_400
        assert body(span(premium, start_s, start_s + 60))["error"]["status"]["error_code"] == 10012
        assert span(premium, start_s, start_s + 60, pro=True).status == 200


class TestOhlc:
    @pytest.mark.parametrize(
        ("days", "step_ms", "least"),
        [("1", 1_800_000, 48), ("7", 4 * HOUR_MS, 42), ("90", 4 * DAY_MS, 22)],
    )
    def test_bars_are_stamped_with_their_close_and_the_last_one_runs(
        self, premium: World, days: str, step_ms: int, least: int
    ) -> None:
        rows = body(bars(premium, days))
        closes = [row[0] for row in rows]
        assert len(rows) >= least
        assert {close % step_ms for close in closes} == {0}
        assert {after - before for before, after in pairwise(closes)} == {step_ms}
        assert closes[-2] <= NOW_MS < closes[-1]
        assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c in rows)

    def test_a_bar_opens_where_the_one_before_closed(self, premium: World) -> None:
        before, after = body(bars(premium))[:2]
        assert before[4] == after[1] == premium.simulator.mid("BTC-USD", before[0] * 1_000)

    def test_paid_plans_choose_the_interval(self, premium: World) -> None:
        rows = body(bars(premium, "7", interval="daily", pro=True))
        assert {row[0] % DAY_MS for row in rows} == {0}
        assert len(rows) == 7

    def test_errors(self, premium: World) -> None:
        assert bars(premium, "2").status == 422
        assert bars(premium, "1", interval="5m", pro=True).status == 422
        assert body(bars(premium, "max"))["error"]["status"]["error_code"] == 10012


class TestHistory:
    def test_a_day_has_the_recorded_shape(
        self, premium: World, recorded: Callable[[str], Any]
    ) -> None:
        theirs = recorded("coingecko_jkorf/GetAssetHistory.txt")
        ours = body(day(premium, "20-11-2026"))
        assert set(ours) <= set(theirs)
        assert list(ours["market_data"]) == list(theirs["market_data"])
        assert ours["community_data"]["facebook_likes"] is None
        price = ours["market_data"]["current_price"]["usd"]
        assert price == premium.simulator.mid("BTC-USD", NOW_US // DAY_US * DAY_US - 4 * DAY_US)

    def test_each_host_has_its_own_way_to_write_a_day(self, premium: World) -> None:
        demo = body(day(premium, "20-11-2026", localization="false"))
        assert demo == body(day(premium, "2026-11-20", localization="false", pro=True))
        assert "localization" not in demo
        assert day(premium, "2026-11-20").status == 400
        assert day(premium, "20-11-2026", pro=True).status == 400

    def test_a_day_of_the_future_has_no_data(self, premium: World) -> None:
        assert "market_data" not in body(day(premium, "26-11-2026"))

    def test_what_is_too_far_back_is_10012(self, premium: World) -> None:
        answer = day(premium, "01-01-2025")
        assert body(answer)["error"]["status"]["error_code"] == 10012
        assert "market_data" not in body(day(premium, "2025-01-01", pro=True))
