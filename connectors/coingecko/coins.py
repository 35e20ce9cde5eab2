"""CoinGecko's coins: the instruments that it quotes, under its own names."""

from collections.abc import Iterable

import msgspec

from connectors.answers import decode
from market.errors import UnknownSymbolError
from market.instruments import AssetClass, Instrument, InstrumentTable

PROVIDER = "coingecko"
CURRENCY = "usd"

COIN_IDS = {
    "ADA": "cardano",
    "ATOM": "cosmos",
    "AVAX": "avalanche-2",
    "BNB": "binancecoin",
    "BTC": "bitcoin",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETH": "ethereum",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "PEPE": "pepe",
    "SHIB": "shiba-inu",
    "SOL": "solana",
    "UNI": "uniswap",
    "XLM": "stellar",
    "XMR": "monero",
    "XRP": "ripple",
}
"""The provider's own names of coins: tickers are not unique there."""

_COINS = {coin_id: coin for coin, coin_id in COIN_IDS.items()}


class OneCoin(msgspec.Struct, omit_defaults=True):
    """What an answer about one coin does not say: which, in which currency, how long its bars are,
    and of which day (`YYYY-MM-DD`) it is.
    """

    id: str
    vs: str
    interval_s: int = 0
    date: str = ""


class ManyCoins(msgspec.Struct):
    """What an answer about many coins does not say: who else was asked for, and the currency."""

    ids: list[str]
    vs: str


def context_text(context: OneCoin | ManyCoins) -> str:
    """A context as a log entry keeps it."""
    return msgspec.json.encode(context).decode()


def one_coin(text: str) -> OneCoin:
    """The context of a log entry about one coin. MalformedError where it is none."""
    return decode(PROVIDER, text.encode("utf-8", "replace"), OneCoin)


def covered(instruments: Iterable[Instrument]) -> list[Instrument]:
    """The instruments that this provider quotes: coins in dollars."""
    return [
        each
        for each in instruments
        if each.asset_class is AssetClass.CRYPTO and each.quote == "USD" and each.base in COIN_IDS
    ]


def coin_id_of(instrument: Instrument) -> str:
    """The provider's name of an instrument's coin. UnknownSymbolError where we know none."""
    try:
        return COIN_IDS[instrument.base]
    except KeyError:
        raise UnknownSymbolError(instrument.symbol) from None


def instrument_of(coin_id: str, currency: str, instruments: InstrumentTable) -> int:
    """The instrument's id of a coin in a currency. UnknownSymbolError where we carry none."""
    return instruments.by_symbol(f"{_COINS.get(coin_id, coin_id)}-{currency.upper()}").id
