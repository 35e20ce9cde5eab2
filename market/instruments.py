"""Instruments: what is traded, in which currency, and how finely it is quoted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from market.errors import UnknownSymbolError
from market.sources import Feed


class AssetClass(StrEnum):
    """The families of instruments, each with its own sessions and day's reference."""

    FX = "fx"
    CRYPTO = "crypto"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One thing with a price. `decimals` is what a screen shows: the tick size is 10^-decimals."""

    id: int
    symbol: str
    name: str
    asset_class: AssetClass
    base: str
    quote: str
    decimals: int


class InstrumentTable:
    """An immutable set of instruments, found by symbol or by id."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._by_id = {instrument.id: instrument for instrument in instruments}
        self._by_symbol = {instrument.symbol: instrument for instrument in self._by_id.values()}

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

    def by_id(self, instrument_id: int) -> Instrument:
        """The instrument of that id; KeyError where there is none."""
        return self._by_id[instrument_id]

    def by_symbol(self, symbol: str) -> Instrument:
        """The instrument of that symbol; UnknownSymbolError where there is none."""
        try:
            return self._by_symbol[symbol]
        except KeyError:
            raise UnknownSymbolError(symbol) from None


def coins_in(instruments: Iterable[Instrument], quote: str) -> tuple[Instrument, ...]:
    """The coins that are quoted in a currency, in the order of the instruments."""
    return tuple(
        each
        for each in instruments
        if each.asset_class is AssetClass.CRYPTO and each.quote == quote
    )


def _fx(first_id: int) -> Iterator[Instrument]:
    names = {
        "AUD": "Australian Dollar",
        "CAD": "Canadian Dollar",
        "CHF": "Swiss Franc",
        "CNY": "Chinese Yuan",
        "EUR": "Euro",
        "GBP": "British Pound",
        "INR": "Indian Rupee",
        "JPY": "Japanese Yen",
        "MXN": "Mexican Peso",
        "NGN": "Nigerian Naira",
        "NOK": "Norwegian Krone",
        "NZD": "New Zealand Dollar",
        "PLN": "Polish Zloty",
        "SEK": "Swedish Krona",
        "TRY": "Turkish Lira",
        "USD": "US Dollar",
        "ZAR": "South African Rand",
    }
    pairs = (
        "EUR-USD GBP-USD USD-JPY USD-CHF AUD-USD NZD-USD USD-CAD EUR-GBP "
        "EUR-CHF EUR-SEK EUR-NOK EUR-PLN EUR-TRY EUR-ZAR EUR-MXN EUR-CNY EUR-INR EUR-NGN"
    )
    for number, symbol in enumerate(pairs.split(), first_id):
        base, quote = symbol.split("-")
        decimals = 3 if quote in ("JPY", "INR", "NGN") else 5
        name = f"{names[base]} / {names[quote]}"
        yield Instrument(number, symbol, name, AssetClass.FX, base, quote, decimals)


def _dollar_fx(first_id: int) -> Iterator[Instrument]:
    """What leads from the dollar to currencies that few quote in euros."""
    name = "US Dollar / Nigerian Naira"
    yield Instrument(first_id, "USD-NGN", name, AssetClass.FX, "USD", "NGN", 3)


def _crypto(first_id: int) -> Iterator[Instrument]:
    coins = {
        "BTC": ("Bitcoin", 2),
        "ETH": ("Ethereum", 2),
        "BNB": ("BNB", 2),
        "SOL": ("Solana", 2),
        "XRP": ("XRP", 4),
        "ADA": ("Cardano", 4),
        "DOGE": ("Dogecoin", 5),
        "AVAX": ("Avalanche", 2),
        "LINK": ("Chainlink", 2),
        "LTC": ("Litecoin", 2),
        "DOT": ("Polkadot", 3),
        "ATOM": ("Cosmos", 3),
        "UNI": ("Uniswap", 3),
        "XMR": ("Monero", 2),
        "XLM": ("Stellar", 5),
        "SHIB": ("Shiba Inu", 9),
        "PEPE": ("Pepe", 10),
    }
    tether = "BTC ETH BNB SOL XRP ADA DOGE AVAX LINK LTC".split()
    dollar = "BTC ETH DOT ATOM UNI XMR XLM SHIB PEPE".split()
    symbols = [(coin, "USDT") for coin in tether] + [(coin, "USD") for coin in dollar]
    for number, (coin, quote) in enumerate(symbols, first_id):
        name, decimals = coins[coin]
        shown = f"{name} / {'Tether' if quote == 'USDT' else 'US Dollar'}"
        yield Instrument(number, f"{coin}-{quote}", shown, AssetClass.CRYPTO, coin, quote, decimals)


def _stocks(first_id: int) -> Iterator[Instrument]:
    names = {
        "AAPL": "Apple",
        "MSFT": "Microsoft",
        "NVDA": "NVIDIA",
        "GOOGL": "Alphabet",
        "AMZN": "Amazon",
        "META": "Meta Platforms",
        "TSLA": "Tesla",
        "JPM": "JPMorgan Chase",
        "V": "Visa",
        "KO": "Coca-Cola",
        "IBM": "IBM",
        "XOM": "Exxon Mobil",
    }
    for number, (ticker, name) in enumerate(names.items(), first_id):
        yield Instrument(number, ticker, name, AssetClass.STOCK, ticker, "USD", 2)


def _recorded_fx(first_id: int) -> Iterator[Instrument]:
    """What the ECB has quoted since 1999 beside the pairs of the catalogue, and OANDA's gold."""
    names = {
        "JPY": "Japanese Yen",
        "BGN": "Bulgarian Lev",
        "CYP": "Cyprus Pound",
        "CZK": "Czech Koruna",
        "DKK": "Danish Krone",
        "EEK": "Estonian Kroon",
        "HUF": "Hungarian Forint",
        "LTL": "Lithuanian Litas",
        "LVL": "Latvian Lats",
        "MTL": "Maltese Lira",
        "ROL": "Romanian Leu (until 2005)",
        "RON": "Romanian Leu",
        "SIT": "Slovenian Tolar",
        "SKK": "Slovak Koruna",
        "ISK": "Icelandic Krona",
        "HRK": "Croatian Kuna",
        "RUB": "Russian Rouble",
        "TRL": "Turkish Lira (until 2004)",
        "AUD": "Australian Dollar",
        "BRL": "Brazilian Real",
        "CAD": "Canadian Dollar",
        "HKD": "Hong Kong Dollar",
        "IDR": "Indonesian Rupiah",
        "ILS": "Israeli Shekel",
        "KRW": "South Korean Won",
        "MYR": "Malaysian Ringgit",
        "NZD": "New Zealand Dollar",
        "PHP": "Philippine Peso",
        "SGD": "Singapore Dollar",
        "THB": "Thai Baht",
    }
    whole = ("JPY", "HUF", "ISK", "IDR", "KRW", "ROL", "SIT", "TRL")
    for number, (code, name) in enumerate(names.items(), first_id):
        decimals = 3 if code in whole else 5
        shown = f"Euro / {name}"
        yield Instrument(number, f"EUR-{code}", shown, AssetClass.FX, "EUR", code, decimals)
    gold = first_id + len(names)
    yield Instrument(gold, "XAU-USD", "Gold (ounce) / US Dollar", AssetClass.FX, "XAU", "USD", 3)


def _recorded_stocks(first_id: int) -> Iterator[Instrument]:
    names = {
        "COKE": "Coca-Cola Consolidated",
        "YHOO": "Yahoo (until 2017)",
        "SBUX": "Starbucks",
        "GSPC": "S&P 500 (an index, in points)",
    }
    for number, (ticker, name) in enumerate(names.items(), first_id):
        yield Instrument(number, ticker, name, AssetClass.STOCK, ticker, "USD", 2)


CATALOGUE = InstrumentTable([*_fx(1), *_dollar_fx(50), *_crypto(101), *_stocks(201)])
"""The instruments known from the first start, which the providers and the sandbox are asked for."""

ALL_INSTRUMENTS = InstrumentTable([*CATALOGUE, *_recorded_fx(19), *_recorded_stocks(213)])
"""These, and what recorded files alone hold: currencies and shares that are gone, an index, gold.

Ids are stored: never renumber, only append; 1 to 100 are pairs of currencies, then coins, then shares.
"""


def instruments_of(feed: Feed) -> InstrumentTable:
    """What data of a feed class can be about."""
    return ALL_INSTRUMENTS if feed is Feed.RECORDED else CATALOGUE
