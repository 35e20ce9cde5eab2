"""Sums of minutes: each minute of a run of trades, so that history and the stream agree to the digit."""

from dataclasses import dataclass

import numpy as np

from connectors.sandbox.simulator import Int64s
from connectors.sandbox.tape import MINUTE_MS, Trades


@dataclass(frozen=True, slots=True)
class MinuteSums:
    """A row a minute from the first trade's to the last's; prices and sizes in units, `money` and
    `taker_money` in the product of both. Every minute of a tape has trades.
    """

    opening_ms: Int64s
    open: Int64s
    high: Int64s
    low: Int64s
    close: Int64s
    size: Int64s
    money: Int64s
    count: Int64s
    taker_size: Int64s
    taker_money: Int64s


def minute_sums(trades: Trades) -> MinuteSums:
    """The minutes that these trades lie in: each the sum of its trades."""
    if len(trades.ids) == 0:
        return MinuteSums(*[np.zeros(0, np.int64)] * 10)
    first, last = trades.time_ms[[0, -1]] // MINUTE_MS
    openings = np.arange(first, last + 1) * MINUTE_MS
    starts = np.searchsorted(trades.time_ms, openings)
    ends = np.append(starts[1:], len(trades.ids))
    price, size, money = trades.price, trades.size, trades.price * trades.size
    taker_buys = ~trades.buyer_is_maker
    return MinuteSums(
        openings,
        price[starts],
        np.maximum.reduceat(price, starts),
        np.minimum.reduceat(price, starts),
        price[ends - 1],
        np.add.reduceat(size, starts),
        np.add.reduceat(money, starts),
        ends - starts,
        np.add.reduceat(size * taker_buys, starts),
        np.add.reduceat(money * taker_buys, starts),
    )
