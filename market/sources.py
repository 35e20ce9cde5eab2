"""Sources: who said a price, and whether it is live, recorded or simulated."""

from dataclasses import dataclass
from enum import StrEnum

from market.errors import MarketError


class Feed(StrEnum):
    """The class of a source's data. Classes never mix in a query, a candle or a value."""

    LIVE = "live"
    RECORDED = "recorded"
    SIMULATED = "simulated"

    @property
    def code(self) -> str:
        """The one letter that stands for the class in a key: l, r or s."""
        return self.value[0]


_PROVIDERS = {
    "binance": 1,
    "alphavantage": 2,
    "coingecko": 3,
    "fixer": 4,
    "oanda": 5,
    "kraken": 6,
    "coinbase": 7,
    "openexchangerates": 8,
    "ecb": 9,
    "quandl": 10,
    "nasdaq": 11,
    "yahoo": 12,
    "yahoo_adjusted": 13,
}
_RANKING = (
    "binance kraken coinbase alphavantage oanda coingecko openexchangerates fixer ecb "
    "quandl nasdaq yahoo yahoo_adjusted".split()
)
"""Who is preferred: a venue's own stream, then quotes with bid and ask, then computed rates; last the
tables of daily bars that there are files of: bars as traded, then closes that dividends have changed."""
_FEEDS = (Feed.LIVE, Feed.RECORDED, Feed.SIMULATED)
_IDS_PER_PROVIDER = 10


class UnknownSourceError(MarketError):
    """A provider's name or a source's id that nobody carries."""

    def __init__(self, source: str | int) -> None:
        super().__init__(source)
        self.source = source

    def __str__(self) -> str:
        return f"unknown source: {self.source}"


@dataclass(frozen=True, slots=True)
class Source:
    """A provider in one feed class. A lower rank is preferred where several quote one thing."""

    id: int
    provider: str
    feed: Feed
    rank: int

    @property
    def provider_number(self) -> int:
        """The provider's number, the same in every feed class."""
        return self.id // _IDS_PER_PROVIDER


def source_of(provider: str, feed: Feed) -> Source:
    """The source of a provider's name and a feed class."""
    try:
        number = _PROVIDERS[provider]
    except KeyError:
        raise UnknownSourceError(provider) from None
    identity = number * _IDS_PER_PROVIDER + _FEEDS.index(feed)
    return Source(identity, provider, feed, _RANKING.index(provider) + 1)


PROVIDERS = tuple(_PROVIDERS)
"""The name of every provider."""

ONLY_RECORDED = frozenset({"quandl", "nasdaq", "yahoo", "yahoo_adjusted"})
"""Those whose bars come from files alone: nobody asks them, and no tick is theirs."""

SOURCES = tuple(source_of(provider, feed) for provider in _PROVIDERS for feed in _FEEDS)
"""Every source there can be. Ids are stored: never renumber, only append."""

_BY_ID = {source.id: source for source in SOURCES}


def source_by_id(source_id: int) -> Source:
    """The source of a stored id."""
    try:
        return _BY_ID[source_id]
    except KeyError:
        raise UnknownSourceError(source_id) from None


def ids_by_rank(feed: Feed) -> list[int]:
    """The ids of a feed class's sources, the best-ranked first."""
    sources = [source for source in SOURCES if source.feed is feed]
    return [source.id for source in sorted(sources, key=lambda source: source.rank)]
