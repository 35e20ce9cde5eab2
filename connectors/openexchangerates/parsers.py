"""Open Exchange Rates' kinds of log entries, and who parses each."""

from connectors.connector import Parser
from connectors.openexchangerates.tables import parse_historical, parse_latest, parse_timeseries

PARSERS: dict[str, Parser] = {
    "latest": parse_latest,
    "historical": parse_historical,
    "time-series": parse_timeseries,
}
