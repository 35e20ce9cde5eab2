"""What CoinGecko's sandbox tells beside prices is what the connectors read."""

from connectors.coingecko import reference
from connectors.sandbox.coingecko_coins import COINS, VS_CURRENCIES
from connectors.sandbox.wire import World
from tests.connectors.sandbox.coingecko_worlds import ask
from tests.connectors.sandbox.conftest import body


def test_ping(premium: World) -> None:
    assert reference.parse_ping(ask(premium, "ping").body) == "(V3) To the Moon!"


def test_the_list_has_every_coin(premium: World) -> None:
    coins = reference.parse_coins(ask(premium, "coins/list").body)
    assert {coin.id for coin in coins} == {*COINS, "bitconnect"}
    rows = body(ask(premium, "coins/list", {"include_platform": "true"}))
    assert rows[0] == {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "platforms": {}}


def test_a_search_finds_by_name_and_by_ticker(premium: World) -> None:
    found = reference.parse_search(ask(premium, "search", {"query": "ETH"}).body)
    assert [(coin.id, coin.symbol, coin.rank) for coin in found] == [
        ("ethereum", "ETH", 2),
    ]
    (dead,) = reference.parse_search(ask(premium, "search", {"query": "bcc"}).body)
    assert dead.rank is None
    assert reference.parse_search(ask(premium, "search", {"query": "nothing"}).body) == []
    assert ask(premium, "search").status == 422


def test_currencies(premium: World) -> None:
    answer = ask(premium, "simple/supported_vs_currencies")
    assert reference.parse_currencies(answer.body) == list(VS_CURRENCIES)


def test_the_key_tells_what_is_left(premium: World) -> None:
    usage = reference.parse_usage(ask(premium, "key", pro=True).body)
    assert (usage.per_minute, usage.per_month) == (250, 500_000)
    assert 0 < usage.left <= usage.per_month
