"""Fixer's kinds of log entries, and who parses each."""

from connectors import fixer
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "latest": fixer.parse_latest,
}
