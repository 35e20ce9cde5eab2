"""Coinbase's wire format: tickers, matches, heartbeats. No socket in here.

A match carries the maker's side, a ticker the taker's. Trade ids are contiguous; `sequence` counts
much that nobody on these channels sees.
"""

from uuid import UUID

from connectors.sandbox.days import Day
from connectors.sandbox.digits import fixed, stamp
from connectors.sandbox.kraken import Best
from connectors.sandbox.tape import COINBASE, VENUE_PAIRS, Pair

PLACES = 8
SUBMILLISECOND_US = 761
"""Of every time of a trade."""
PRODUCTS = {pair.instrument.symbol: pair for pair in VENUE_PAIRS[COINBASE]}

MATCH, LAST_MATCH = "match", "last_match"
BUY, SELL = "buy", "sell"

_STRIDE = 37
_STREW = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835


def sequence_of(trade_id: int) -> int:
    """The product's sequence number of a trade: they rise together, with gaps."""
    return trade_id * _STRIDE + trade_id % _STRIDE


def time_us_of(time_ms: int) -> int:
    """When a trade of the tape's millisecond was made."""
    return time_ms * 1_000 + SUBMILLISECOND_US


def match_message(pair: Pair, day: Day, kind: str) -> str:
    """The day's last trade, as a match."""
    decimals, lots = pair.instrument.decimals, pair.lot_decimals
    return (
        f'{{"type":"{kind}","trade_id":{day.last_id},'
        f'"maker_order_id":"{_order_id(day.last_id, 1)}",'
        f'"taker_order_id":"{_order_id(day.last_id, 2)}",'
        f'"side":"{BUY if day.buyer_is_maker else SELL}","size":"{fixed(day.last_size, lots, PLACES)}",'
        f'"price":"{fixed(day.last, decimals, decimals)}","product_id":"{pair.instrument.symbol}",'
        f'"sequence":{sequence_of(day.last_id)},"time":"{stamp(time_us_of(day.last_ms))}"}}'
    )


def ticker_message(pair: Pair, best: Best, day: Day) -> str:
    """The day's last trade, as a ticker with the best quote of its moment."""
    decimals, lots = pair.instrument.decimals, pair.lot_decimals

    def price(units: int) -> str:
        return fixed(units, decimals, decimals)

    def size(units: int) -> str:
        return fixed(units, lots, PLACES)

    return (
        f'{{"type":"ticker","sequence":{sequence_of(day.last_id)},'
        f'"product_id":"{pair.instrument.symbol}","price":"{price(day.last)}",'
        f'"open_24h":"{price(day.open)}","volume_24h":"{size(day.volume)}",'
        f'"low_24h":"{price(day.low)}","high_24h":"{price(day.high)}",'
        f'"volume_30d":"{size(30 * day.volume)}","best_bid":"{price(best.bid)}",'
        f'"best_bid_size":"{size(best.bid_size)}","best_ask":"{price(best.ask)}",'
        f'"best_ask_size":"{size(best.ask_size)}","side":"{SELL if day.buyer_is_maker else BUY}",'
        f'"time":"{stamp(time_us_of(day.last_ms))}","trade_id":{day.last_id},'
        f'"last_size":"{size(day.last_size)}"}}'
    )


def heartbeat_message(pair: Pair, last_trade_id: int, now_us: int) -> str:
    """What a product's newest trade is at this time."""
    return (
        f'{{"type":"heartbeat","sequence":{sequence_of(last_trade_id)},'
        f'"last_trade_id":{last_trade_id},"product_id":"{pair.instrument.symbol}",'
        f'"time":"{stamp(now_us)}"}}'
    )


def _order_id(trade_id: int, side: int) -> UUID:
    return UUID(int=(trade_id * 2 + side) * _STREW % 2**128, version=4)
