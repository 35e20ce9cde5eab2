"""Binance's kinds of log entries, and who parses each."""

from connectors.binance import frames, klines, trades
from connectors.connector import Parser

PARSERS: dict[str, Parser] = {
    "frames": frames.parse_frames,
    "klines": klines.parse_klines,
    trades.KIND: trades.parse_trades,
}
