"""Alpha Vantage's kinds of log entries, and who parses each."""

from connectors import alphavantage
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "GLOBAL_QUOTE": alphavantage.parse_global_quote,
    "CURRENCY_EXCHANGE_RATE": alphavantage.parse_exchange_rate,
    "FX_INTRADAY": alphavantage.parse_fx_intraday,
    "TIME_SERIES_INTRADAY": alphavantage.parse_stock_intraday,
}
