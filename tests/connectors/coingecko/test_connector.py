"""CoinGecko without a key, with a demo key and with a pro key."""

from itertools import count

import pytest

from connectors.coingecko.coins import covered
from connectors.coingecko.connector import connector
from connectors.coingecko.missing import WatchingCheck
from connectors.connector import Access, Connector
from market.gaps import Gap, GapCause
from market.instruments import CATALOGUE, AssetClass, Instrument, InstrumentTable
from market.quotas import Limit, Period
from market.sources import Feed, source_of
from tests.connectors.support import NOW_US

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DEMO = Access("http://x", key="CG-CANARY", plan="demo")
PRO = Access("http://x", "ws://x", key="CG-CANARY", plan="pro")
KEYLESS = Access("http://x", "ws://x")
COINS = tuple(covered(CATALOGUE))


def build(access: Access) -> Connector:
    return connector(access, CATALOGUE)


def gap(length_us: int, instrument: int | None = None) -> Gap:
    source = source_of("coingecko", Feed.LIVE)
    return Gap(source, instrument, GapCause.SILENCE, NOW_US, NOW_US + length_us)


@pytest.mark.parametrize(
    ("access", "headers", "limits", "every_s"),
    [
        (KEYLESS, {}, [Limit(5, Period.MINUTE)], 60),
        (
            DEMO,
            {"x-cg-demo-api-key": "CG-CANARY"},
            [Limit(100, Period.MINUTE), Limit(10_000, Period.MONTH)],
            60,
        ),
        (
            PRO,
            {"x-cg-pro-api-key": "CG-CANARY"},
            [Limit(250, Period.MINUTE), Limit(500_000, Period.MONTH)],
            60,
        ),
    ],
)
def test_each_plan_is_asked_as_it_allows(
    access: Access, headers: dict[str, str], limits: list[Limit], every_s: float
) -> None:
    built = build(access)
    assert built.endpoint is not None
    assert built.endpoint.headers == headers
    assert built.endpoint.secrets == {}
    assert isinstance(built.endpoint.check, WatchingCheck)
    assert list(built.endpoint.limits) == limits
    (poll,) = built.polls
    assert poll.request.url == "http://x/api/v3/simple/price"
    assert poll.instruments == {each.id for each in COINS}
    assert poll.every_s == every_s
    assert built.instruments == COINS
    assert "CANARY" not in repr(built)


def test_a_pro_plan_may_be_named_further() -> None:
    for plan in ("pro-analyst", "pro_lite"):
        assert build(Access("http://x", key="CG-1", plan=plan)).polls[0].every_s == 20
    assert build(Access("http://x", "ws://x", key="CG-1", plan="project")).polls[0].every_s == 60


def test_polls_and_stream_together_stay_within_the_month_s_credits() -> None:
    built = build(PRO)
    minutes = 31 * 24 * 60
    of_polls = minutes * 60 / built.polls[0].every_s
    of_stream = minutes * 6 * 0.1 * len(COINS)
    assert of_polls + of_stream <= 500_000


def test_the_stream_is_of_the_pro_plan_alone() -> None:
    (make,) = build(PRO).streams
    dialect = make()
    assert dialect.address == "ws://x/v1"
    assert dialect.headers == {"x-cg-pro-api-key": "CG-CANARY"}
    assert make() is not dialect
    for access in (KEYLESS, DEMO, Access("http://x", "ws://x", plan="pro")):
        assert build(access).streams == ()


def test_a_call_holds_no_more_coins_than_an_address() -> None:
    numbers = count(1)
    many = InstrumentTable(
        Instrument(next(numbers), f"B{n}", "x", AssetClass.CRYPTO, "BTC", "USD", 2)
        for n in range(1_100)
    )
    sizes = [len(poll.instruments) for poll in connector(DEMO, many).polls]
    assert sizes == [500, 500, 100]
    assert connector(PRO, many).streams[0]().headers


def test_nothing_is_polled_without_coins() -> None:
    built = connector(PRO, InstrumentTable([]))
    assert (built.instruments, built.polls, built.streams) == ((), (), ())


def test_the_last_day_is_asked_of_what_was_not_heard_of() -> None:
    heard = {each.id: NOW_US - 14 * MINUTE_US for each in COINS}
    heard[COINS[1].id] = NOW_US - 16 * MINUTE_US
    del heard[COINS[2].id]
    requests = build(DEMO).history(heard, NOW_US)
    assert [request.url for request in requests] == [
        "http://x/api/v3/coins/ethereum/market_chart",
        "http://x/api/v3/coins/polkadot/market_chart",
    ]
    assert {request.params["days"] for request in requests} == {"1"}


def test_a_silence_is_repaired_coin_by_coin() -> None:
    built = build(PRO)
    asked = [built.repair(gap(HOUR_US), number, None) for number in range(len(COINS) + 1)]
    urls = [request.url for request in asked if request is not None]
    assert len(urls) == len(COINS)
    assert urls[0] == "http://x/api/v3/coins/bitcoin/market_chart/range"
    assert asked[-1] is None
    assert asked[0] is not None
    assert asked[0].params["from"] == "2026-11-24T12:00"
    assert asked[0].params["to"] == "2026-11-24T13:00"


def test_a_gap_of_one_coin_is_one_call() -> None:
    built = build(DEMO)
    request = built.repair(gap(HOUR_US, COINS[-1].id), 0, None)
    assert request is not None
    assert request.url == "http://x/api/v3/coins/pepe/market_chart/range"
    assert request.params["from"] == str(NOW_US // 1_000_000)
    assert built.repair(gap(HOUR_US, COINS[-1].id), 1, None) is None


def test_a_short_silence_holds_no_point() -> None:
    assert build(PRO).repair(gap(9 * MINUTE_US), 0, None) is None
