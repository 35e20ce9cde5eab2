"""Kraken's kinds of log entries, and who parses each."""

from connectors.connector import Parser
from connectors.kraken import frames, ohlc, trades

PARSERS: dict[str, Parser] = {
    "frames": frames.parse_frames,
    ohlc.KIND: ohlc.parse_ohlc,
    trades.KIND: trades.parse_trades,
}
