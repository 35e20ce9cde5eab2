"""Coinbase's products: the dollar pairs of our coins, without monero."""

from connectors.coinbase.products import covered
from market.instruments import CATALOGUE


def test_the_products_that_it_lists() -> None:
    symbols = [each.symbol for each in covered(CATALOGUE)]
    assert symbols == [f"{coin}-USD" for coin in "BTC ETH DOT ATOM UNI XLM SHIB PEPE".split()]
