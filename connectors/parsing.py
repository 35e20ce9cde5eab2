"""Parsing: what a record of the log holds, by its provider and kind. Pure, and it never raises."""

from collections.abc import Mapping

from connectors import oanda
from connectors.alphavantage.parsers import PARSERS as ALPHAVANTAGE
from connectors.binance.parsers import PARSERS as BINANCE
from connectors.coinbase.parsers import PARSERS as COINBASE
from connectors.coingecko.parsers import PARSERS as COINGECKO
from connectors.connector import Parser
from connectors.ecb.parsers import PARSERS as ECB
from connectors.errors import ConnectorError
from connectors.fixer.parsers import PARSERS as FIXER
from connectors.kraken.parsers import PARSERS as KRAKEN
from connectors.openexchangerates.parsers import PARSERS as OPENEXCHANGERATES
from connectors.recorded_bars import OWN_KINDS, parse_bars
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

_BY_PROVIDER: Mapping[str, Mapping[str, Parser]] = {
    "alphavantage": ALPHAVANTAGE,
    "binance": BINANCE,
    "coinbase": COINBASE,
    "coingecko": COINGECKO,
    "ecb": ECB,
    "fixer": FIXER,
    "kraken": KRAKEN,
    "oanda": {"ticks": oanda.parse_ticks},
    "openexchangerates": OPENEXCHANGERATES,
}

PARSERS: Mapping[tuple[str, str], Parser] = {
    (provider, kind): parser
    for provider, parsers in _BY_PROVIDER.items()
    for kind, parser in parsers.items()
} | {(provider, kind): parse_bars for provider, kinds in OWN_KINDS.items() for kind in kinds}


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
