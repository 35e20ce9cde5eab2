"""Open Exchange Rates as a connector: what it asks for, within which plan."""

from connectors.connector import Access, Connector
from connectors.openexchangerates.connector import connector
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.connectors.support import NOW_US

KEY = "s3cr3t-k3y"


def build(plan: str) -> Connector:
    return connector(Access("https://openexchangerates.org", key=KEY, plan=plan), CATALOGUE)


def test_the_free_plan_asks_for_the_dollar_and_for_nothing_that_it_may_not() -> None:
    free = build("free")
    assert free.provider == "openexchangerates"
    assert [each.symbol for each in free.instruments] == "USD-JPY USD-CHF USD-CAD USD-NGN".split()
    (poll,) = free.polls
    assert poll.request.url == "https://openexchangerates.org/api/latest.json"
    assert poll.request.params == {}
    assert poll.instruments == {each.id for each in free.instruments}
    assert poll.every_s == 3_600


def test_a_plan_with_every_base_asks_one_call_a_base() -> None:
    unlimited = build("unlimited")
    assert len(unlimited.instruments) == 19
    assert [poll.request.context for poll in unlimited.polls] == "EUR GBP USD AUD NZD".split()
    assert unlimited.polls[1].request.params == {"base": "GBP", "symbols": "USD"}
    assert unlimited.polls[2].request.params == {"symbols": "JPY,CHF,CAD,NGN"}


def test_the_key_is_a_parameter_that_is_never_shown() -> None:
    free = build("free")
    assert free.endpoint is not None
    assert free.endpoint.secrets == {"app_id": KEY}
    assert free.endpoint.limits == (Limit(1_000, Period.MONTH),)
    assert KEY not in repr(free)


def test_the_days_of_a_week_that_were_missed_are_asked_for_one_by_one() -> None:
    requests = build("free").history({}, NOW_US)
    assert [request.context for request in requests] == [
        f"USD 2026-11-{day}" for day in (17, 18, 19, 20, 22, 23)
    ]
    assert list(build("free").history({each.id: NOW_US for each in CATALOGUE}, NOW_US)) == []
