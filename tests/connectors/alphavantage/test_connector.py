"""What each plan polls, how often, and how it fills the past."""

from collections import Counter

import pytest

from connectors.alphavantage.checks import check
from connectors.alphavantage.connector import connector
from connectors.alphavantage.quotes import same_quote
from connectors.answers import Request
from connectors.connector import Access, Connector
from connectors.errors import UnknownAtProviderError
from market.instruments import CATALOGUE, AssetClass, Instrument, InstrumentTable
from market.quotas import Limit, Period
from tests.connectors.alphavantage.samples import OWN, TESCO
from tests.connectors.support import NOW_US, us

KEY = "CANARY0123456789"
MINUTE_US = 60_000_000
PAIRS, STOCKS = 19, 12


def built(plan: str, instruments: InstrumentTable = CATALOGUE) -> Connector:
    return connector(Access("http://x/alphavantage", key=KEY, plan=plan), instruments)


def kinds(requests: list[Request]) -> Counter[str]:
    return Counter(request.kind for request in requests)


def test_it_quotes_every_pair_of_currencies_and_every_stock() -> None:
    found = built("free")
    classes = Counter(each.asset_class for each in found.instruments)
    assert classes == {AssetClass.FX: PAIRS, AssetClass.STOCK: STOCKS}
    assert (found.provider, found.streams) == ("alphavantage", ())


class TestEndpoint:
    def test_the_key_is_a_parameter_that_is_never_shown(self) -> None:
        found = built("free")
        assert found.endpoint is not None
        assert found.endpoint.secrets == {"apikey": KEY}
        assert found.endpoint.check is check
        assert found.endpoint.accept == "application/json"
        assert KEY not in repr(found)

    def test_by_rapidapi_the_key_is_a_header(self) -> None:
        access = Access("https://alpha-vantage.p.rapidapi.com", key=KEY, plan="rapidapi")
        endpoint = connector(access, CATALOGUE).endpoint
        assert endpoint is not None
        assert endpoint.secrets == {}
        assert endpoint.headers == {
            "x-rapidapi-host": "alpha-vantage.p.rapidapi.com",
            "x-rapidapi-key": KEY,
        }

    @pytest.mark.parametrize(
        ("plan", "limits"),
        [
            ("free", (Limit(25, Period.DAY), Limit(1, Period.SECOND))),
            ("premium600", (Limit(600, Period.MINUTE),)),
        ],
    )
    def test_its_limits_are_the_plans(self, plan: str, limits: tuple[Limit, ...]) -> None:
        endpoint = built(plan).endpoint
        assert endpoint is not None
        assert endpoint.limits == limits

    def test_an_unknown_plan_raises(self) -> None:
        with pytest.raises(UnknownAtProviderError, match="the plan gold"):
            built("gold")


class TestPolls:
    def test_the_free_plan_asks_for_one_thing_at_a_time(self) -> None:
        polls = built("free").polls
        assert kinds([poll.request for poll in polls]) == {
            "GLOBAL_QUOTE": STOCKS,
            "CURRENCY_EXCHANGE_RATE": PAIRS,
        }
        every_s = {poll.request.kind: poll.every_s for poll in polls}
        assert every_s == {"GLOBAL_QUOTE": 3_600.0, "CURRENCY_EXCHANGE_RATE": 60.0}
        assert all("entitlement" not in poll.request.params for poll in polls)
        assert polls[0].request.url == "http://x/alphavantage/query"

    def test_each_instrument_is_in_one_poll(self) -> None:
        for plan in ("free", "premium", "premium-delayed"):
            found = built(plan, OWN)
            polled = Counter(number for poll in found.polls for number in poll.instruments)
            assert polled == Counter(each.id for each in found.instruments)

    def test_a_premium_plan_asks_for_american_stocks_in_one_call(self) -> None:
        polls = built("premium", OWN).polls
        found = kinds([poll.request for poll in polls])
        assert (found["REALTIME_BULK_QUOTES"], found["GLOBAL_QUOTE"]) == (1, 1)
        bulk, london = polls[:2]
        assert (bulk.every_s, len(bulk.instruments)) == (1.0, STOCKS)
        assert bulk.request.params["entitlement"] == "realtime"
        assert (london.instruments, london.every_s) == (frozenset({TESCO.id}), 3_600.0)

    def test_more_than_a_hundred_stocks_take_several_calls(self) -> None:
        stocks = (
            Instrument(number, f"S{number}", "", AssetClass.STOCK, "S", "USD", 2)
            for number in range(1, 251)
        )
        polls = built("premium", InstrumentTable(stocks)).polls
        assert [len(poll.instruments) for poll in polls] == [100, 100, 50]

    def test_a_delayed_plan_asks_for_each_stock(self) -> None:
        poll = built("premium-delayed", OWN).polls[0]
        assert poll.request.params["entitlement"] == "delayed"
        assert poll.every_s == 60.0

    def test_only_price_and_volume_make_a_global_quote_new(self) -> None:
        same = {poll.request.kind: poll.same for poll in built("free").polls}
        assert same["GLOBAL_QUOTE"] is same_quote
        assert same["CURRENCY_EXCHANGE_RATE"](b"a", b"a")
        assert not same["CURRENCY_EXCHANGE_RATE"](b"a", b"b")

    def test_a_larger_plan_asks_for_rates_more_often(self) -> None:
        every_s = [built(plan).polls[-1].every_s for plan in ("premium75", "premium600")]
        assert every_s == [60.0, 7.5]


class TestHistory:
    def test_a_premium_plan_asks_for_the_minutes_of_the_last_day(self) -> None:
        requests = list(built("premium").history({}, NOW_US))
        assert kinds(requests) == {"FX_INTRADAY": PAIRS, "TIME_SERIES_INTRADAY": STOCKS}
        day_ago_us = NOW_US - 1_440 * MINUTE_US
        assert f'"since":{day_ago_us},"interval":"1min"' in requests[0].context

    def test_minutes_that_are_covered_are_not_asked_for(self) -> None:
        found = built("premium")
        ids = [each.id for each in found.instruments]
        covered = dict.fromkeys(ids, NOW_US - 5 * MINUTE_US)
        assert found.history(covered, NOW_US) == []
        (request,) = found.history(covered | {1: NOW_US - 6 * MINUTE_US}, NOW_US)
        assert request.params["from_symbol"] == "EUR"

    def test_the_free_plan_asks_for_days(self) -> None:
        requests = list(built("free").history({}, NOW_US))
        assert kinds(requests) == {"FX_DAILY": PAIRS, "TIME_SERIES_DAILY": STOCKS}
        assert {request.params["outputsize"] for request in requests} == {"compact"}
        assert '"since":0,' in requests[0].context

    def test_days_are_asked_for_once_a_day(self) -> None:
        found = built("free")
        today = {each.id: us("2026-11-24T00:00:01") for each in found.instruments}
        assert found.history(today, NOW_US) == []
        (request,) = found.history(today | {1: us("2026-11-23T21:00:00")}, NOW_US)
        assert f'"since":{us("2026-11-23")},' in request.context
