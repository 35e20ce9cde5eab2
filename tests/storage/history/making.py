"""Ticks of the tests of history, made in few words: minutes after 10:00 of a Tuesday."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from market.clock import microseconds
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from market.ticks import Tick
from tests.api.harness import trade

FEED = Feed.RECORDED
BINANCE, ALPHAVANTAGE, COINGECKO, OANDA, KRAKEN, COINBASE = (
    source_of(provider, FEED).id
    for provider in ("binance", "alphavantage", "coingecko", "oanda", "kraken", "coinbase")
)
BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
LAST_TIME = datetime(9000, 1, 1, tzinfo=UTC)
UTC_ZONE, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("America/New_York")
MINUTE_US = 60_000_000


def at(minutes: float) -> int:
    """That many minutes after the start, in microseconds."""
    return microseconds(START) + round(minutes * MINUTE_US)


def btc(minutes: float, price: str, seq: int = 0, source: int = BINANCE) -> Tick:
    """A trade of BTC-USDT, so long after the start."""
    return trade(at(minutes), source, price, seq)
