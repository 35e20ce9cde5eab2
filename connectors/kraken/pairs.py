"""Kraken's pairs: which of our instruments it lists, and what REST calls them."""

from collections.abc import Iterable

from connectors.kraken.frames import QUOTE_CURRENCY
from market.instruments import Instrument, coins_in

LISTED = frozenset("BTC ETH DOT ATOM UNI XMR XLM SHIB PEPE".split())
"""The coins whose dollar pairs it lists, of those in our table."""

_OWN_NAMES = {"BTC": "XBT", "DOGE": "XDG"}


def covered(instruments: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """The instruments that it quotes, in the table's order."""
    return tuple(each for each in coins_in(instruments, QUOTE_CURRENCY) if each.base in LISTED)


def pair_of(instrument: Instrument) -> str:
    """REST's name of a pair: XBTUSD. The answer may call it otherwise (XXBTZUSD)."""
    return _OWN_NAMES.get(instrument.base, instrument.base) + instrument.quote
