"""The sandbox's coins are those that the connectors ask for."""

from connectors.coingecko.coins import COIN_IDS
from connectors.sandbox.coingecko_coins import COINS, DEAD, VS_CURRENCIES, price_of, shown
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US


def test_every_coin_of_the_connectors_is_there_under_its_id() -> None:
    assert {coin.ticker: coin.id for coin in COINS.values()} == COIN_IDS
    assert DEAD.id not in COINS


def test_a_price_is_the_markets(premium: World) -> None:
    assert price_of(premium, COINS["pepe"], "usd", NOW_US) == premium.simulator.mid(
        "PEPE-USD", NOW_US
    )
    assert price_of(premium, COINS["bitcoin"], "btc", NOW_US) == 1.0


def test_tether_is_no_currency() -> None:
    assert "usd" in VS_CURRENCIES and "eur" in VS_CURRENCIES
    assert "usdt" not in VS_CURRENCIES


def test_numbers_are_rounded_for_a_screen_unless_asked_otherwise() -> None:
    assert shown(1234.5678, "full") == 1234.5678
    assert shown(1234.5678, "") == 1234.57
    assert shown(0.0000123456789, "") == 0.0000123457
    assert shown(1234.5678, "1") == 1234.6
    assert isinstance(shown(1234.5678, "0"), int)
