"""Binance's connector: the tether pairs, streamed; minutes and missing trades over REST."""

from connectors.answers import Answer
from connectors.binance.connector import connector
from connectors.connector import Access
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.connectors.gaps import silence, trade_gap
from tests.connectors.support import NOW_US

BINANCE = connector(Access("http://x", "ws://x"), CATALOGUE)
PAGE = Answer(200, b"[]", NOW_US)


def test_it_quotes_the_tether_pairs() -> None:
    assert {each.quote for each in BINANCE.instruments} == {"USDT"}
    assert len(BINANCE.instruments) == 10
    assert BINANCE.polls == ()
    assert BINANCE.endpoint is not None
    assert BINANCE.endpoint.limits == (Limit(200, Period.MINUTE),)


def test_each_connection_is_a_fresh_dialect() -> None:
    (streams,) = BINANCE.streams
    first, second = streams(), streams()
    assert first is not second
    assert first.address.startswith("ws://x/stream?streams=btcusdt@trade/btcusdt@bookTicker/eth")
    assert (first.provider, first.shard) == ("binance", "0")


def test_history_is_the_minutes_that_are_missing() -> None:
    covered = {each.id: NOW_US for each in BINANCE.instruments[1:]}
    requests = BINANCE.history(covered, NOW_US)
    assert [each.context for each in requests] == ['{"symbol":"BTCUSDT"}'] * 2
    assert {each.url for each in requests} == {"http://x/api/v3/klines"}


def test_missing_trades_are_asked_for_by_their_ids() -> None:
    gap = trade_gap("binance", "ETH-USDT", 10, 1_020)
    first, second, third = (BINANCE.repair(gap, asked, PAGE) for asked in range(3))
    assert first is not None
    assert first.params == {"symbol": "ETHUSDT", "fromId": "10", "limit": "1000"}
    assert second is not None
    assert second.params["limit"] == "11"
    assert third is None


def test_too_many_trades_are_not() -> None:
    assert BINANCE.repair(trade_gap("binance", "ETH-USDT", 0, 200_000), 0, None) is None


def test_a_silence_is_asked_for_in_minutes_of_every_pair() -> None:
    gap = silence("binance", 90)
    requests = [BINANCE.repair(gap, asked, None) for asked in range(11)]
    assert [each.kind for each in requests if each] == ["klines"] * 10
    assert requests[-1] is None
