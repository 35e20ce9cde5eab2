"""Parsing: what a record of the log holds, by its provider and kind. Pure, and it never raises."""

from collections.abc import Callable

from connectors import (
    alphavantage,
    binance_frames,
    binance_klines,
    coingecko,
    fixer,
    oanda,
)
from connectors.errors import ConnectorError
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

Parser = Callable[[LogRecord, InstrumentTable], Parsed]

PARSERS: dict[tuple[str, str], Parser] = {
    ("alphavantage", "GLOBAL_QUOTE"): alphavantage.parse_global_quote,
    ("alphavantage", "CURRENCY_EXCHANGE_RATE"): alphavantage.parse_exchange_rate,
    ("alphavantage", "FX_INTRADAY"): alphavantage.parse_fx_intraday,
    ("alphavantage", "TIME_SERIES_INTRADAY"): alphavantage.parse_stock_intraday,
    ("binance", "frames"): binance_frames.parse_frames,
    ("binance", "klines"): binance_klines.parse_klines,
    ("coingecko", "market_chart"): coingecko.parse_market_chart,
    ("coingecko", "simple/price"): coingecko.parse_simple_price,
    ("fixer", "latest"): fixer.parse_latest,
    ("oanda", "ticks"): oanda.parse_ticks,
}


def parse(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks, bars and refusals of one record; a payload that is nothing at all is one refusal."""
    parser = PARSERS.get((record.source.provider, record.kind))
    if parser is None:
        return nothing_of(f"no parser for {record.source.provider} {record.kind}", record)
    try:
        return parser(record, instruments)
    except (ConnectorError, MarketError) as error:
        return nothing_of(error, record)


def nothing_of(reason: object, record: LogRecord) -> Parsed:
    """A record that gave neither tick nor bar, and why."""
    return Parsed(TickBatch.empty(), BarBatch.empty(), (refused(reason, record.payload),))
