"""Coinbase's products: which of our instruments it lists."""

from collections.abc import Iterable

from connectors.coinbase.frames import QUOTE_CURRENCY
from market.instruments import Instrument, coins_in

LISTED = frozenset("BTC ETH DOT ATOM UNI XLM SHIB PEPE".split())
"""The coins whose dollar products it lists, of those in our table."""


def covered(instruments: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """The instruments that it quotes, in the table's order."""
    return tuple(each for each in coins_in(instruments, QUOTE_CURRENCY) if each.base in LISTED)
