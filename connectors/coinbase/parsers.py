"""Coinbase's kinds of log entries, and who parses each."""

from connectors.coinbase import candles, frames, trades
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "frames": frames.parse_frames,
    candles.KIND: candles.parse_candles,
    trades.KIND: trades.parse_trades,
}
