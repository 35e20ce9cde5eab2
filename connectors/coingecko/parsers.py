"""CoinGecko's kinds of log entries, and who parses each."""

from connectors.coingecko import charts, frames, history, markets, ohlc, prices
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    charts.KIND: charts.parse_market_chart,
    frames.KIND: frames.parse_frames,
    history.KIND: history.parse_history,
    markets.KIND: markets.parse_markets,
    ohlc.KIND: ohlc.parse_ohlc,
    prices.KIND: prices.parse_simple_price,
}
