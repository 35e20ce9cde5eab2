"""Kraken's kinds of log entries, and who parses each."""

from connectors.connector import Parser

PARSERS: dict[str, Parser] = {}
