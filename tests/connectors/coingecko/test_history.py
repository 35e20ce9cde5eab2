"""history: a rate at midnight UTC of one day."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from connectors.coingecko.history import history_request
from connectors.errors import ConnectorError, MalformedError, UnknownAtProviderError
from market.errors import MarketError, NotAPriceError
from market.instruments import CATALOGUE
from market.ticks import RATE, Tick
from tests.connectors.coingecko.samples import (
    EDITS,
    HOSTS,
    SOURCE,
    Edit,
    edited,
    example,
    instrument,
    parsed,
)
from tests.connectors.support import response, us

DAY = '{"id":"bitcoin","vs":"usd","date":"2025-12-30"}'
SMALL = b'{"id":"bitcoin","market_data":{"current_price":{"eur":1,"usd":42074.5}}}'


def test_the_recorded_day() -> None:
    outcome = parsed("history", response("coingecko_jkorf/GetAssetHistory.txt"), DAY)
    assert outcome.refused == ()
    assert outcome.ticks.rows() == [
        Tick(
            us("2025-12-30"), instrument("BTC-USD"), SOURCE, RATE, price=Decimal("42074.7071561885")
        )
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_the_documented_day(host: str) -> None:
    (tick,) = parsed("history", example(host, "/coins/{id}/history"), DAY).ticks.rows()
    assert (tick.time_us, tick.price) == (us("2025-12-30"), Decimal("42208.202176186474"))


def test_a_day_before_the_coin_is_unknown() -> None:
    for payload in ('{"id":"bitcoin"}', '{"id":"bitcoin","market_data":{"current_price":{}}}'):
        with pytest.raises(UnknownAtProviderError, match="ask for a later day"):
            parsed("history", payload, DAY)


def test_what_is_no_price_raises() -> None:
    for value in ("null", "0", "-1", "true"):
        payload = SMALL.replace(b"42074.5", value.encode())
        with pytest.raises(NotAPriceError):
            parsed("history", payload, DAY)


def test_another_coin_or_day_raises() -> None:
    with pytest.raises(MalformedError, match="a history of bitcoin instead of ethereum"):
        parsed("history", SMALL, DAY.replace("bitcoin", "ethereum"))
    for day in ("", "30-12-2025", "2025-02-30", "1969-01-01"):
        with pytest.raises(MalformedError):
            parsed("history", SMALL, DAY.replace("2025-12-30", day))


def test_a_day_is_written_as_the_host_takes_it() -> None:
    bitcoin = CATALOGUE.by_symbol("BTC-USD")
    demo = history_request("http://x/api/v3", bitcoin, date(2025, 12, 30))
    assert demo.url == "http://x/api/v3/coins/bitcoin/history"
    assert demo.params == {"date": "30-12-2025", "localization": "false"}
    pro = history_request("http://x", bitcoin, date(2025, 12, 30), iso=True)
    assert pro.params["date"] == "2025-12-30"
    assert demo.context == pro.context == DAY


@settings(deadline=None, max_examples=300)
@given(EDITS)
def test_no_edit_makes_a_price_of_what_is_none(edits: list[Edit]) -> None:
    try:
        ticks = parsed("history", edited(SMALL, edits), DAY).ticks
    except (ConnectorError, MarketError):
        return
    assert (ticks.price > 0).all()
