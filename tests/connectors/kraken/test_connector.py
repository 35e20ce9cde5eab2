"""Kraken's connector: the dollar pairs, streamed; minutes and missing trades over REST."""

from connectors.answers import Answer
from connectors.connector import Access
from connectors.kraken.connector import connector
from connectors.kraken.dialect import KrakenDialect
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.connectors.gaps import silence, trade_gap
from tests.connectors.support import NOW_US

KRAKEN = connector(Access("http://x", "ws://x"), CATALOGUE)


def test_it_quotes_the_dollar_pairs() -> None:
    assert len(KRAKEN.instruments) == 9
    assert {each.quote for each in KRAKEN.instruments} == {"USD"}
    assert KRAKEN.polls == ()
    assert KRAKEN.endpoint is not None
    assert KRAKEN.endpoint.limits == (Limit(1, Period.SECOND),)


def test_each_connection_is_a_fresh_dialect() -> None:
    (streams,) = KRAKEN.streams
    first, second = streams(), streams()
    assert isinstance(first, KrakenDialect)
    assert first is not second
    assert (first.address, first.shard) == ("ws://x/v2", "0")
    assert first.symbols[:2] == ("BTC/USD", "ETH/USD")


def test_history_is_one_call_for_each_pair_that_misses_minutes() -> None:
    covered = {each.id: NOW_US for each in KRAKEN.instruments[2:]}
    requests = KRAKEN.history(covered, NOW_US)
    assert [each.params["pair"] for each in requests] == ["XBTUSD", "ETHUSD"]


def test_missing_trades_are_asked_for_page_by_page() -> None:
    gap = trade_gap("kraken", "SHIB-USD", 10, 20)
    first = KRAKEN.repair(gap, 0, None)
    assert first is not None
    assert (first.kind, first.params["pair"]) == ("trades", "SHIBUSD")
    row = '["0.00000863","1000.0",1762795433.9717445,"b","l","",%d]'
    body = '{"error":[],"result":{"SHIBUSD":[%s],"last":"77"}}'
    following = KRAKEN.repair(gap, 1, Answer(200, (body % (row % 19)).encode(), NOW_US))
    assert following is not None
    assert following.params["since"] == "77"
    assert KRAKEN.repair(gap, 2, Answer(200, (body % (row % 20)).encode(), NOW_US)) is None


def test_too_many_trades_are_not() -> None:
    assert KRAKEN.repair(trade_gap("kraken", "BTC-USD", 0, 200_000), 0, None) is None


def test_a_silence_is_asked_for_in_minutes_of_every_pair() -> None:
    gap = silence("kraken", 90)
    requests = [KRAKEN.repair(gap, asked, None) for asked in range(10)]
    assert [each.kind for each in requests if each] == ["ohlc"] * 9
    assert requests[-1] is None
