"""Binance's kinds of log entries, and who parses each."""

from connectors.binance import frames, klines
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "frames": frames.parse_frames,
    "klines": klines.parse_klines,
}
