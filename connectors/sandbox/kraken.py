"""Kraken's wire format over v2 of its stream: messages of quotes and trades. No socket in here.

Numbers are JSON floats with the digits of the exchange: prices as the pair is quoted, sizes with eight.
A trade's time is the tape's millisecond and a constant part of it, so that microseconds matter.
"""

from dataclasses import dataclass

import numpy as np

from connectors.sandbox.days import Day
from connectors.sandbox.digits import fixed, stamp
from connectors.sandbox.simulator import Int64s
from connectors.sandbox.tape import KRAKEN, VENUE_PAIRS, Pair, Quotes, Trades

PLACES = 8
SUBMILLISECOND_US = 295
"""Of every time of a trade or quote."""
PAIRS = {f"{pair.instrument.base}/{pair.instrument.quote}": pair for pair in VENUE_PAIRS[KRAKEN]}
NAMES = {pair: name for name, pair in PAIRS.items()}

TICKER, TRADE = "ticker", "trade"
SNAPSHOT, UPDATE = "snapshot", "update"


@dataclass(frozen=True, slots=True)
class Best:
    """Best bid and ask in units, their sizes in lots, when they became that."""

    bid: int
    ask: int
    bid_size: int
    ask_size: int
    time_ms: int

    @classmethod
    def of(cls, quotes: Quotes, row: int) -> "Best":
        """One row of a tape's quotes."""
        return cls(
            int(quotes.bid[row]),
            int(quotes.ask[row]),
            int(quotes.bid_size[row]),
            int(quotes.ask_size[row]),
            int(quotes.time_ms[row]),
        )


def time_ns(trades: Trades) -> Int64s:
    """When each of a run of trades was made, in ns: later trades of one millisecond a little later."""
    first = np.searchsorted(trades.time_ms, trades.time_ms)
    rank = np.arange(len(trades.time_ms)) - first
    times: Int64s = (trades.time_ms * 1_000 + SUBMILLISECOND_US) * 1_000 + rank
    return times


def trade_message(pair: Pair, trades: Trades, kind: str) -> str:
    """All these trades in one message; the side is the taker's."""
    name, decimals, lots = NAMES[pair], pair.instrument.decimals, pair.lot_decimals
    rows = zip(
        trades.time_ms.tolist(),
        trades.ids.tolist(),
        trades.price.tolist(),
        trades.size.tolist(),
        trades.buyer_is_maker.tolist(),
        strict=True,
    )
    data = ",".join(
        f'{{"symbol":"{name}","side":"{"sell" if maker else "buy"}",'
        f'"price":{fixed(price, decimals, decimals)},"qty":{fixed(size, lots, PLACES)},'
        f'"ord_type":"{"limit" if trade_id % 3 else "market"}","trade_id":{trade_id},'
        f'"timestamp":"{stamp(time_ms * 1_000 + SUBMILLISECOND_US)}"}}'
        for time_ms, trade_id, price, size, maker in rows
    )
    return f'{{"channel":"{TRADE}","type":"{kind}","data":[{data}]}}'


def ticker_message(pair: Pair, best: Best, day: Day, kind: str) -> str:
    """The best quote, with the day's figures around the last trade."""
    decimals, lots = pair.instrument.decimals, pair.lot_decimals

    def price(units: int) -> str:
        return fixed(units, decimals, decimals)

    change_bp = (day.last - day.open) * 10_000 // day.open
    time_us = max(best.time_ms, day.last_ms) * 1_000 + SUBMILLISECOND_US
    return (
        f'{{"channel":"{TICKER}","type":"{kind}","data":[{{"symbol":"{NAMES[pair]}",'
        f'"bid":{price(best.bid)},"bid_qty":{fixed(best.bid_size, lots, PLACES)},'
        f'"ask":{price(best.ask)},"ask_qty":{fixed(best.ask_size, lots, PLACES)},'
        f'"last":{price(day.last)},"volume":{fixed(day.volume, lots, PLACES)},'
        f'"vwap":{price(day.average)},"low":{price(day.low)},"high":{price(day.high)},'
        f'"change":{price(day.last - day.open)},"change_pct":{fixed(change_bp, 2, 2)},'
        f'"timestamp":"{stamp(time_us)}"}}]}}'
    )
