"""CoinGecko's kinds of log entries, and who parses each."""

from connectors import coingecko
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "market_chart": coingecko.parse_market_chart,
    "simple/price": coingecko.parse_simple_price,
}
