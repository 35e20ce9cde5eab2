"""Kraken's pairs: the dollar pairs of our coins, bitcoin under its own name."""

from connectors.kraken.pairs import covered, pair_of
from market.instruments import CATALOGUE


def test_the_pairs_that_it_lists() -> None:
    symbols = [each.symbol for each in covered(CATALOGUE)]
    assert symbols == [f"{coin}-USD" for coin in "BTC ETH DOT ATOM UNI XMR XLM SHIB PEPE".split()]


def test_what_rest_calls_them() -> None:
    assert pair_of(CATALOGUE.by_symbol("BTC-USD")) == "XBTUSD"
    assert pair_of(CATALOGUE.by_symbol("ETH-USD")) == "ETHUSD"
    assert pair_of(CATALOGUE.by_symbol("DOGE-USDT")) == "XDGUSDT"
