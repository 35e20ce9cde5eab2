"""Candles the plain way: Decimals, one tick after another."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from market.bars import ASK, BAR_US, BID, LAST, MID
from market.ticks import QUOTE, Tick


@dataclass(frozen=True)
class Candle:
    """One minute of one side. `volume` is None where no tick had a size."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    ticks: int


EXACT_DIGITS = 60
"""What a sum of volumes may need: whole units and eighteen decimals of each."""

Key = tuple[int, int, int, int]
"""Opening time, instrument, source, side."""


def candles(ticks: Iterable[Tick]) -> dict[Key, Candle]:
    """The candles of accepted ticks, whatever their order; equal keys of ticks count once."""
    unique = {(t.time_us, t.instrument, t.source, t.kind, t.seq): t for t in reversed(list(ticks))}
    groups: dict[Key, list[tuple[Decimal, Decimal | None]]] = defaultdict(list)
    for tick in sorted(unique.values(), key=lambda tick: (tick.time_us, tick.seq)):
        minute = tick.time_us - tick.time_us % BAR_US
        for side, price in sides(tick):
            size = None if tick.size is None else Decimal(str(tick.size))
            groups[minute, tick.instrument, tick.source, side].append((price, size))
    with localcontext(prec=EXACT_DIGITS):
        return {key: candle(rows) for key, rows in groups.items()}


def sides(tick: Tick) -> list[tuple[int, Decimal]]:
    """The prices of a tick, by the side of the candle that they go into."""
    if tick.kind != QUOTE:
        return [(LAST, Decimal(str(tick.price)))]
    bid, ask = Decimal(str(tick.bid)), Decimal(str(tick.ask))
    return [(MID, (bid + ask) / 2), (BID, bid), (ASK, ask)]


def candle(rows: list[tuple[Decimal, Decimal | None]]) -> Candle:
    """The candle of prices and sizes in order of event time."""
    prices = [price for price, _ in rows]
    sizes = [size for _, size in rows if size is not None]
    return Candle(
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(sizes, Decimal()) if sizes else None,
        len(rows),
    )
