"""Fixer as a connector: what it asks for, within which plan."""

from connectors.connector import Access, Connector
from connectors.fixer.connector import connector
from market.instruments import CATALOGUE, InstrumentTable
from market.quotas import Limit, Period
from tests.connectors.support import NOW_US, us

KEY = "s3cr3t-k3y"


def build(plan: str) -> Connector:
    return connector(Access("https://data.fixer.io", key=KEY, plan=plan), CATALOGUE)


def test_the_free_plan_asks_for_every_pair_of_the_euro_at_once() -> None:
    free = build("free")
    assert free.provider == "fixer"
    assert [each.symbol for each in free.instruments] == (
        "EUR-USD EUR-GBP EUR-CHF EUR-SEK EUR-NOK EUR-PLN EUR-TRY EUR-ZAR EUR-MXN EUR-CNY "
        "EUR-INR EUR-NGN"
    ).split()
    (poll,) = free.polls
    assert poll.request.url == "https://data.fixer.io/api/latest"
    assert poll.request.params == {
        "base": "EUR",
        "symbols": "USD,GBP,CHF,SEK,NOK,PLN,TRY,ZAR,MXN,CNY,INR,NGN",
    }
    assert poll.instruments == {each.id for each in free.instruments}
    assert poll.every_s == 3_600
    assert list(free.history({}, NOW_US)) == []


def test_a_plan_with_every_base_asks_one_call_a_base() -> None:
    basic = build("basic")
    assert len(basic.instruments) == 19
    assert [poll.request.params["base"] for poll in basic.polls] == "EUR GBP USD AUD NZD".split()
    assert basic.polls[2].request.params["symbols"] == "JPY,CHF,CAD,NGN"


def test_the_key_goes_as_the_door_wants_it_and_is_never_shown() -> None:
    classic, gateway = build("free"), build("gateway")
    assert classic.endpoint is not None and gateway.endpoint is not None
    assert (classic.endpoint.secrets, classic.endpoint.headers) == ({"access_key": KEY}, {})
    assert (gateway.endpoint.secrets, gateway.endpoint.headers) == ({}, {"apikey": KEY})
    assert gateway.polls[0].request.url == "https://data.fixer.io/fixer/latest"
    assert classic.endpoint.limits == (Limit(100, Period.MONTH),)
    assert KEY not in f"{classic!r} {gateway!r}"


class TestHistory:
    def test_a_plan_with_timeseries_asks_one_call_a_base(self) -> None:
        requests = build("professional").history({}, NOW_US)
        assert [request.context for request in requests] == [
            f"{base} 2026-08-26..2026-11-23" for base in "EUR GBP USD AUD NZD".split()
        ]

    def test_a_plan_with_historical_alone_asks_a_week_without_its_saturday(self) -> None:
        requests = build("basic").history({}, NOW_US)
        assert [request.context for request in requests if request.context.startswith("NZD")] == [
            f"NZD 2026-11-{day}" for day in (17, 18, 19, 20, 22, 23)
        ]

    def test_a_day_is_missed_until_its_end_is_covered(self) -> None:
        everything = {each.id: us("2026-11-23T23:59:59") for each in CATALOGUE}
        assert list(build("professional").history(everything, NOW_US)) == []
        everything[CATALOGUE.by_symbol("GBP-USD").id] = us("2026-11-23T12:00")
        (request,) = build("professional").history(everything, NOW_US)
        assert request.context == "GBP 2026-11-23..2026-11-23"


def test_without_pairs_there_is_nothing_to_ask() -> None:
    empty = connector(Access("https://x", plan="free"), InstrumentTable([]))
    assert (empty.instruments, empty.polls, list(empty.history({}, NOW_US))) == ((), (), [])
