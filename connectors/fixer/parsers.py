"""Fixer's kinds of log entries, and who parses each."""

from connectors.connector import Parser
from connectors.fixer.tables import parse_historical, parse_latest, parse_timeseries

PARSERS: dict[str, Parser] = {
    "latest": parse_latest,
    "historical": parse_historical,
    "timeseries": parse_timeseries,
}
