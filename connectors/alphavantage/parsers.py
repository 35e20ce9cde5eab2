"""Alpha Vantage's kinds of log entries, and who parses each."""

from connectors.alphavantage.bulk import parse_bulk_quotes
from connectors.alphavantage.csv_series import parse_csv_series
from connectors.alphavantage.fields import table_of
from connectors.alphavantage.quotes import parse_exchange_rate, parse_global_quote
from connectors.alphavantage.series import parse_coin_prices, parse_series
from connectors.connector import Parser
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed


def parse_any_series(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The bars of a series, whichever of its two formats was asked for."""
    if table_of(record.payload) is None:
        return parse_series(record, instruments)
    return parse_csv_series(record, instruments)


SERIES = (
    "TIME_SERIES_INTRADAY",
    "TIME_SERIES_DAILY",
    "TIME_SERIES_DAILY_ADJUSTED",
    "TIME_SERIES_WEEKLY",
    "TIME_SERIES_MONTHLY",
    "FX_INTRADAY",
    "FX_DAILY",
    "FX_WEEKLY",
    "FX_MONTHLY",
    "CRYPTO_INTRADAY",
    "DIGITAL_CURRENCY_DAILY",
    "DIGITAL_CURRENCY_WEEKLY",
    "DIGITAL_CURRENCY_MONTHLY",
)

PARSERS: dict[str, Parser] = {
    "GLOBAL_QUOTE": parse_global_quote,
    "REALTIME_BULK_QUOTES": parse_bulk_quotes,
    "CURRENCY_EXCHANGE_RATE": parse_exchange_rate,
    "DIGITAL_CURRENCY_INTRADAY": parse_coin_prices,
    **dict.fromkeys(SERIES, parse_any_series),
}
