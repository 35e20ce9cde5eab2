"""ohlc: bars are stamped with their close, and ours with their opening; the running one is left out."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from connectors.coingecko.ohlc import INTERVALS_S, ohlc_request
from connectors.errors import ConnectorError, MalformedError
from market.bars import LAST, Bar
from market.errors import MarketError, UnknownSymbolError
from market.instruments import CATALOGUE
from tests.connectors.coingecko.samples import (
    EDITS,
    FOUR_HOURS,
    HALF_HOURS,
    HOSTS,
    SOURCE,
    Edit,
    edited,
    example,
    instrument,
    parsed,
)
from tests.connectors.support import response, us

BTC = CATALOGUE.by_symbol("BTC-USD")
FOUR_DAYS = '{"id":"bitcoin","vs":"usd","interval_s":345600}'


def bar(symbol: str, opening: str, interval_s: int, *prices: str) -> Bar:
    first, high, low, last = map(Decimal, prices)
    return Bar(
        us(opening), instrument(symbol), SOURCE, LAST, first, high, low, last, None, 0, interval_s
    )


class TestParse:
    def test_the_recorded_bars_of_four_hours(self) -> None:
        outcome = parsed("ohlc", response("coingecko_jkorf/GetOhlc.txt"), FOUR_HOURS)
        assert outcome.refused == ()
        assert outcome.bars.rows() == [
            bar("ETH-USD", "2024-03-02T12:00:00", 14_400, "61942", "62211", "61721", "61845"),
            bar("ETH-USD", "2024-03-02T16:00:00", 14_400, "61828", "62139", "61726", "62139"),
            bar("ETH-USD", "2024-03-02T20:00:00", 14_400, "62171", "62210", "61821", "62068"),
        ]

    @pytest.mark.parametrize("host", HOSTS)
    def test_the_documented_bars_of_half_an_hour(self, host: str) -> None:
        outcome = parsed("ohlc", example(host, "/coins/{id}/ohlc"), HALF_HOURS)
        assert outcome.refused == ()
        assert outcome.bars.rows() == [
            bar("BTC-USD", "2026-05-19T13:30:00", 1_800, "76769", "76889", "76744", "76818"),
            bar("BTC-USD", "2026-05-19T14:00:00", 1_800, "76712", "76712", "76321", "76422"),
        ]

    def test_the_documented_bars_of_a_day(self) -> None:
        context = '{"id":"bitcoin","vs":"usd","interval_s":86400}'
        outcome = parsed("ohlc", example("pro", "/coins/{id}/ohlc/range"), context)
        assert outcome.refused == ()
        assert outcome.bars.rows()[0] == bar(
            "BTC-USD", "2025-11-30T00:00:00", 86_400, "90832", "91905", "90406", "90406"
        )

    def test_four_days_close_at_any_midnight(self) -> None:
        outcome = parsed("ohlc", "[[1709424000000,1,2,1,2],[1709596800000,1,2,1,2]]", FOUR_DAYS)
        assert outcome.bars.time.tolist() == [us("2024-02-28"), us("2024-03-01")]

    def test_a_bar_that_still_runs_is_left_out(self) -> None:
        rows = "[[1709395200000,1,2,1,2],[1709409600000,1,2,1,2]]"
        outcome = parsed("ohlc", rows, FOUR_HOURS, received_us=1_709_400_000_000_000)
        assert outcome.bars.time.tolist() == [us("2024-03-02T12:00:00")]
        assert outcome.refused == ()

    def test_a_last_bar_stamped_with_now_is_left_out(self) -> None:
        outcome = parsed("ohlc", "[[1709395200000,1,2,1,2],[1709395800123,1,2,1,2]]", FOUR_HOURS)
        assert outcome.bars.time.tolist() == [us("2024-03-02T12:00:00")]
        assert outcome.refused == ()

    @pytest.mark.parametrize(
        "row",
        [
            "[1709395800123,1,2,1,2]",
            "[1709395200000,1,2,1,null]",
            "[1709395200000,1,2,1,0]",
            "[1709395200000,3,2,1,2]",
            "[1709395200000,1,2,1]",
            "[null,1,2,1,2]",
            "[14400000,1,2,1,2]",
            "{}",
        ],
    )
    def test_a_bad_row_is_refused_alone(self, row: str) -> None:
        outcome = parsed("ohlc", f"[{row},[1709409600000,1,2,1,2]]", FOUR_HOURS)
        assert len(outcome.bars) == 1
        assert [each.excerpt for each in outcome.refused] == [row]

    def test_another_context_or_shape_raises(self) -> None:
        with pytest.raises(UnknownSymbolError):
            parsed("ohlc", "[]", '{"id":"zcn","vs":"usd","interval_s":1800}')
        for payload, context in (
            ("[]", ""),
            ("[]", '{"id":"pepe","vs":"usd"}'),
            ("{}", FOUR_HOURS),
        ):
            with pytest.raises(MalformedError):
                parsed("ohlc", payload, context)

    @settings(deadline=None, max_examples=300)
    @given(EDITS)
    def test_no_edit_makes_a_bar_of_what_is_none(self, edits: list[Edit]) -> None:
        payload = edited(b"[[1709395200000,1,2,1,2],[1709409600000,1.5,2,1,2]]", edits)
        try:
            bars = parsed("ohlc", payload, FOUR_HOURS).bars
        except (ConnectorError, MarketError):
            return
        assert (bars.prices > 0).all()
        assert (bars.time > 0).all()


class TestRequest:
    def test_the_interval_follows_from_the_days(self) -> None:
        assert [INTERVALS_S["1"], INTERVALS_S["30"], INTERVALS_S["90"]] == [1_800, 14_400, 345_600]
        request = ohlc_request("http://x/api/v3", BTC, "90")
        assert request.url == "http://x/api/v3/coins/bitcoin/ohlc"
        assert request.params == {"vs_currency": "usd", "days": "90", "precision": "full"}
        assert request.context == FOUR_DAYS

    def test_a_paid_plan_chooses_the_interval(self) -> None:
        request = ohlc_request("http://x", BTC, "30", "hourly")
        assert request.params["interval"] == "hourly"
        assert request.context == '{"id":"bitcoin","vs":"usd","interval_s":3600}'
