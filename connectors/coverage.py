"""Coverage: which provider is asked for which instruments."""

from collections.abc import Iterable
from dataclasses import dataclass

from connectors import coingecko, fixer
from connectors.binance.frames import QUOTE_CURRENCY
from market.instruments import AssetClass, Instrument

_EURO_PAIRS_ELSEWHERE = ("USD", "GBP", "CHF")
"""Euro pairs that Alpha Vantage quotes, with bid and ask."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The instruments of each provider; none is in two of them."""

    binance: tuple[Instrument, ...]
    alphavantage: tuple[Instrument, ...]
    coingecko: tuple[Instrument, ...]
    fixer: tuple[Instrument, ...]


def coverage_of(instruments: Iterable[Instrument]) -> Coverage:
    """Each instrument with its provider, in the table's order."""
    table = list(instruments)
    crypto = [each for each in table if each.asset_class is AssetClass.CRYPTO]
    others = [each for each in table if each.asset_class is not AssetClass.CRYPTO]
    return Coverage(
        binance=tuple(each for each in crypto if each.quote == QUOTE_CURRENCY),
        alphavantage=tuple(each for each in others if not _is_fixers(each)),
        coingecko=tuple(coingecko.covered(crypto)),
        fixer=tuple(each for each in others if _is_fixers(each)),
    )


def _is_fixers(instrument: Instrument) -> bool:
    return (
        instrument.asset_class is AssetClass.FX
        and instrument.base == fixer.BASE
        and instrument.quote not in _EURO_PAIRS_ELSEWHERE
    )
