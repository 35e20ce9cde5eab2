"""What CoinGecko tells beside prices: coins, currencies, venues, the plan. It does not go into the log.

Each request has its parse function, which is pure and raises what `check` does, or MalformedError.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import msgspec

from connectors.answers import Answer, Request, decode
from connectors.coingecko.checks import check
from connectors.coingecko.coins import PROVIDER, coin_id_of
from connectors.coingecko.times import iso_us
from connectors.numerals import number_of, volume_of
from market.errors import NotAPriceError
from market.instruments import Instrument
from market.quotas import Limit, Period

_Shape = TypeVar("_Shape")


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin's id, which is unique, its ticker in upper case, which is not, and its name."""

    id: str
    symbol: str
    name: str
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class VenuePrice:
    """The last price of a coin at one venue, and when it was traded, in µs since 1970."""

    venue: str
    base: str
    target: str
    last: Decimal
    volume: Decimal
    time_us: int
    doubtful: bool
    """The provider itself calls it stale or an anomaly."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a paid key may ask, in calls, and how much of the month is left."""

    plan: str
    per_minute: int
    per_month: int
    left: int

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The same as limits."""
        return Limit(self.per_minute, Period.MINUTE), Limit(self.per_month, Period.MONTH)


class _Ping(msgspec.Struct):
    gecko_says: str


class _Coin(msgspec.Struct):
    id: str
    symbol: str
    name: str
    market_cap_rank: int | None = None

    def coin(self) -> Coin:
        return Coin(self.id, self.symbol.upper(), self.name, self.market_cap_rank)


class _Found(msgspec.Struct):
    coins: list[_Coin]


class _Venue(msgspec.Struct):
    name: str


class _Ticker(msgspec.Struct):
    base: str
    target: str
    market: _Venue
    last: msgspec.Raw
    volume: msgspec.Raw
    last_traded_at: str
    is_anomaly: bool = False
    is_stale: bool = False


class _Tickers(msgspec.Struct):
    tickers: list[msgspec.Raw]


class _Key(msgspec.Struct):
    plan: str
    rate_limit_request_per_minute: int
    monthly_call_credit: int
    current_remaining_monthly_calls: int


def ping_request(url: str) -> Request:
    """Whether it is there, and takes the key."""
    return Request("ping", "", f"{url}/ping")


def parse_ping(payload: bytes) -> str:
    """What the gecko says."""
    return _read(payload, "ping", _Ping).gecko_says


def coins_request(url: str) -> Request:
    """All coins, some 17,000."""
    return Request("coins/list", "", f"{url}/coins/list")


def parse_coins(payload: bytes) -> list[Coin]:
    """Every coin; ids are the only key."""
    return [each.coin() for each in _read(payload, "coins/list", list[_Coin])]


def search_request(url: str, query: str) -> Request:
    """Coins by name or ticker."""
    return Request("search", query, f"{url}/search", {"query": query})


def parse_search(payload: bytes) -> list[Coin]:
    """The coins found, the largest first."""
    return [each.coin() for each in _read(payload, "search", _Found).coins]


def currencies_request(url: str) -> Request:
    """What prices can be quoted in."""
    return Request("simple/supported_vs_currencies", "", f"{url}/simple/supported_vs_currencies")


def parse_currencies(payload: bytes) -> list[str]:
    """The currencies' codes, in lower case."""
    return _read(payload, "simple/supported_vs_currencies", list[str])


def tickers_request(url: str, instrument: Instrument) -> Request:
    """A coin's prices at the venues."""
    coin_id = coin_id_of(instrument)
    return Request("tickers", coin_id, f"{url}/coins/{coin_id}/tickers")


def parse_tickers(payload: bytes) -> list[VenuePrice]:
    """The venues' prices; one without a price, a volume or a time is left out."""
    prices = []
    for raw in _read(payload, "tickers", _Tickers).tickers:
        try:
            prices.append(_venue_price(decode(PROVIDER, raw, _Ticker)))
        except NotAPriceError:
            continue
    return prices


def usage_request(url: str) -> Request:
    """What the key may ask; of the pro host alone."""
    return Request("key", "", f"{url}/key")


def parse_usage(payload: bytes) -> Usage:
    """The plan, its limits and what is left."""
    key = _read(payload, "key", _Key)
    return Usage(
        key.plan,
        key.rate_limit_request_per_minute,
        key.monthly_call_credit,
        key.current_remaining_monthly_calls,
    )


def _venue_price(ticker: _Ticker) -> VenuePrice:
    return VenuePrice(
        venue=ticker.market.name,
        base=ticker.base,
        target=ticker.target,
        last=number_of(ticker.last),
        volume=volume_of(ticker.volume),
        time_us=iso_us(ticker.last_traded_at),
        doubtful=ticker.is_anomaly or ticker.is_stale,
    )


def _read(payload: bytes, request: str, shape: type[_Shape]) -> _Shape:
    check(Answer(200, payload, 0), request)
    return decode(PROVIDER, payload, shape)
