"""Coinbase's kinds of log entries, and who parses each."""

from connectors.coinbase import frames
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {"frames": frames.parse_frames}
