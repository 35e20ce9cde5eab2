"""Kraken's kinds of log entries, and who parses each."""

from connectors.connector import Parser
from connectors.kraken import frames

PARSERS: dict[str, Parser] = {"frames": frames.parse_frames}
