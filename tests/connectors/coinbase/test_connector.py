"""Coinbase's connector: dollar products, streamed; minutes and missing trades over REST."""

from connectors.answers import Answer
from connectors.coinbase.connector import connector
from connectors.coinbase.dialect import CoinbaseDialect
from connectors.connector import Access
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.connectors.coinbase.test_trades import page
from tests.connectors.gaps import silence, trade_gap
from tests.connectors.support import NOW_US

COINBASE = connector(Access("http://x", "ws://x"), CATALOGUE)


def test_it_quotes_the_dollar_products() -> None:
    assert len(COINBASE.instruments) == 8
    assert {each.quote for each in COINBASE.instruments} == {"USD"}
    assert COINBASE.polls == ()
    assert COINBASE.endpoint is not None
    assert COINBASE.endpoint.limits == (Limit(8, Period.SECOND),)


def test_each_connection_is_a_fresh_dialect() -> None:
    (streams,) = COINBASE.streams
    first, second = streams(), streams()
    assert isinstance(first, CoinbaseDialect)
    assert first is not second
    assert (first.address, first.shard) == ("ws://x", "0")
    assert first.products[:2] == ("BTC-USD", "ETH-USD")


def test_history_is_the_minutes_that_are_missing() -> None:
    covered = {each.id: NOW_US for each in COINBASE.instruments[1:]}
    requests = COINBASE.history(covered, NOW_US)
    assert [each.context for each in requests] == ['{"symbol":"BTC-USD"}'] * 5


def test_missing_trades_are_asked_for_from_the_newest_back() -> None:
    gap = trade_gap("coinbase", "ETH-USD", 10, 20)
    first = COINBASE.repair(gap, 0, None)
    assert first is not None
    assert first.url == "http://x/products/ETH-USD/trades"
    assert first.params == {"limit": "11", "after": "21"}
    empty = Answer(200, b"[]", NOW_US)
    assert COINBASE.repair(gap, 1, empty) is None
    assert COINBASE.repair(gap, 1, page(20, 10)) is None


def test_too_many_trades_are_not() -> None:
    assert COINBASE.repair(trade_gap("coinbase", "BTC-USD", 0, 200_000), 0, None) is None


def test_a_silence_is_asked_for_in_minutes_of_every_product() -> None:
    gap = silence("coinbase", 90)
    requests = [COINBASE.repair(gap, asked, None) for asked in range(9)]
    assert [each.kind for each in requests if each] == ["candles"] * 8
    assert requests[-1] is None
